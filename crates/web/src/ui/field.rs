//! A labelled text field with its error beside it.

use web_sys::HtmlInputElement;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
pub(crate) struct FieldProps {
    pub(crate) id: AttrValue,
    pub(crate) label: AttrValue,
    /// The input's type.
    #[prop_or_else(|| AttrValue::Static("text"))]
    pub(crate) kind: AttrValue,
    pub(crate) autocomplete: AttrValue,
    pub(crate) value: AttrValue,
    pub(crate) oninput: Callback<String>,
    #[prop_or_default]
    pub(crate) hint: Option<AttrValue>,
    #[prop_or_default]
    pub(crate) error: Option<AttrValue>,
}

/// A field; what is wrong with it replaces its hint.
#[component]
pub(crate) fn Field(props: &FieldProps) -> Html {
    let oninput = use_callback(props.oninput.clone(), |event: InputEvent, oninput| {
        oninput.emit(event.target_unchecked_into::<HtmlInputElement>().value());
    });
    let message_id = format!("{}-message", props.id);
    let invalid = props.error.is_some();
    let described = (invalid || props.hint.is_some()).then(|| message_id.clone());
    html! {
        <div class={classes!("field", invalid.then_some("err"))}>
            <label for={&props.id}>{ &props.label }</label>
            <input id={&props.id} type={&props.kind} name={&props.id} autocomplete={&props.autocomplete}
                value={&props.value} {oninput} aria-invalid={invalid.then_some("true")} aria-describedby={described} />
            if let Some(error) = &props.error {
                <span class="msg" id={message_id}>{ error }</span>
            } else if let Some(hint) = &props.hint {
                <span class="soft small" id={message_id}>{ hint }</span>
            }
        </div>
    }
}
