//! The plans on offer, fetched once for every page that names a plan or a price.

use shared::{
    paths,
    plans::{Plan, Plans},
};
use yew::prelude::*;

use crate::resource::{Resource, use_resource};

/// The plans, as far as they are known.
#[derive(Clone, PartialEq)]
pub(crate) struct PlanList {
    /// How fetching them stands.
    pub(crate) resource: Resource<Plans>,
    /// Fetches them again.
    pub(crate) retry: Callback<()>,
}

impl PlanList {
    /// The plans; none while they are fetched.
    pub(crate) fn plans(&self) -> &[Plan] {
        self.resource.ready().map_or(&[], |plans| &plans.plans)
    }
}

/// The plans of the component that asks.
#[hook]
pub(crate) fn use_plan_list() -> PlanList {
    use_context::<PlanList>().expect("every component renders inside PlanListProvider")
}

#[derive(Properties, PartialEq)]
pub(crate) struct PlanListProviderProps {
    pub(crate) children: Html,
}

/// Fetches the plans.
#[component]
pub(crate) fn PlanListProvider(props: &PlanListProviderProps) -> Html {
    let fetched = use_resource::<Plans>(Some(paths::PLANS.to_owned()), None);
    let context = PlanList { resource: fetched.resource, retry: fetched.retry };
    html! { <ContextProvider<PlanList> {context}>{ props.children.clone() }</ContextProvider<PlanList>> }
}
