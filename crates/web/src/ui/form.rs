//! A form: labelled fields with what is wrong beside them, and one button.

use wasm_bindgen::JsCast;
use web_sys::HtmlElement;
use yew::prelude::*;

use crate::{
    api::ApiError,
    browser,
    forms::{FieldSpec, Problems},
    ui::{button::Button, field::Field},
};

#[derive(Properties, PartialEq)]
pub(crate) struct FormProps {
    pub(crate) fields: &'static [FieldSpec],
    /// The button's words.
    pub(crate) button: AttrValue,
    #[prop_or_default]
    pub(crate) button_class: Classes,
    pub(crate) busy: bool,
    /// The API's refusal of what was sent last.
    pub(crate) error: Option<ApiError>,
    /// Gets the values in the order of the fields, once nothing is wrong that can be seen here.
    pub(crate) onsubmit: Callback<Vec<String>>,
}

/// The form. What is wrong stands beside its field, and the focus goes there. An address that was typed is kept for
/// as long as the tab is open.
#[component]
pub(crate) fn Form(props: &FormProps) -> Html {
    let fields = props.fields;
    let values = use_state_eq(|| fields.iter().map(draft).collect::<Vec<_>>());
    let problems = use_state_eq(Problems::default);
    let form = use_node_ref();
    // Counted, because the same can be wrong once more; and typing, which takes problems away, moves no focus.
    let refusals = use_state_eq(|| 0_u32);
    use_effect_with(props.error.clone(), {
        let (problems, refusals) = (problems.setter(), refusals.clone());
        move |error| {
            if let Some(error) = error {
                problems.set(Problems::from_api(fields, error));
                refusals.set(*refusals + 1);
            }
        }
    });
    use_effect_with(*refusals, {
        let form = form.clone();
        move |_| focus_first_invalid(&form)
    });
    let onsubmit = {
        let (values, problems, refusals) = (values.clone(), problems.setter(), refusals);
        let (busy, onsubmit) = (props.busy, props.onsubmit.clone());
        move |event: SubmitEvent| {
            event.prevent_default();
            if busy {
                return;
            }
            let found = Problems::of(fields, &values);
            if found.has_field() {
                refusals.set(*refusals + 1);
            } else {
                onsubmit.emit((*values).clone());
            }
            problems.set(found);
        }
    };
    let inputs = fields.iter().zip(&*values).enumerate().map(|(index, (spec, value))| {
        let oninput = {
            let (values, problems) = (values.clone(), problems.clone());
            move |typed: String| {
                if spec.is_kept() {
                    browser::keep_draft(spec.name, &typed);
                }
                let mut all = (*values).clone();
                all[index] = typed;
                values.set(all);
                problems.set(problems.without(spec.name));
            }
        };
        html! {
            <Field id={spec.name} label={spec.label} kind={spec.kind()} autocomplete={spec.autocomplete}
                value={value.clone()} {oninput} hint={spec.hint.map(AttrValue::Static)}
                error={problems.of_field(spec.name).map(|problem| AttrValue::from(problem.to_owned()))} />
        }
    });
    let class =
        if props.button_class.is_empty() { classes!("wide") } else { props.button_class.clone() };
    html! {
        <form class="stack" ref={form} {onsubmit} novalidate=true>
            { for inputs }
            <div role="alert" class="action-error">
                if let Some(message) = &problems.form { <p class="msg">{ message }</p> }
            </div>
            <Button submit=true busy={props.busy} {class}>{ &props.button }</Button>
        </form>
    }
}

fn draft(spec: &FieldSpec) -> String {
    if spec.is_kept() { browser::draft(spec.name) } else { String::new() }
}

fn focus_first_invalid(form: &NodeRef) {
    let invalid = form
        .cast::<web_sys::Element>()
        .and_then(|form| form.query_selector("[aria-invalid=true]").ok()?)
        .and_then(|element| element.dyn_into::<HtmlElement>().ok());
    if let Some(element) = invalid {
        // An element of this form, in the page: focusing it cannot fail.
        drop(element.focus());
    }
}
