//! A question in front of the page, in the browser's own dialog: it keeps the focus and closes with Escape.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct DialogProps {
    pub(crate) title: AttrValue,
    pub(crate) onclose: Callback<()>,
    pub(crate) children: Html,
}

/// A dialog, open for as long as it is rendered. The focus goes back to where it was.
#[component]
pub(crate) fn Dialog(props: &DialogProps) -> Html {
    let node = use_node_ref();
    use_effect_with((), {
        let node = node.clone();
        move |()| {
            let dialog = node.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // Only a dialog that is open already refuses.
                drop(dialog.show_modal());
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
            }
        }
    });
    let onclose = props.onclose.reform(|_: Event| ());
    html! {
        <dialog ref={node} class="card dialog" aria-labelledby="dialog-title" {onclose}>
            <h2 id="dialog-title" class="h3">{ &props.title }</h2>
            { props.children.clone() }
        </dialog>
    }
}
