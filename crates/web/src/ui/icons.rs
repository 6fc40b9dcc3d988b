//! The few drawings of the site. All decorative: what they mean stands beside them as text.

use yew::prelude::*;

/// The mark: three rings.
pub(crate) fn mark() -> Html {
    html! {
        <svg width="30" height="30" viewBox="0 0 32 32" fill="none" aria-hidden="true">
            <circle cx="16" cy="16" r="14.5" stroke="currentColor" stroke-width="1.6" opacity=".35" />
            <circle cx="16" cy="16" r="9.5" stroke="currentColor" stroke-width="1.6" opacity=".7" />
            <circle cx="16" cy="16" r="4.5" fill="var(--accent)" />
        </svg>
    }
}

/// The rings of the home page, with listeners on them.
pub(crate) fn rings() -> Html {
    let ring = |radius: &'static str, opacity: &'static str| {
        html! { <circle cx="200" cy="200" r={radius} {opacity} /> }
    };
    html! {
        <svg class="rings" viewBox="0 0 400 400" fill="none" aria-hidden="true">
            <g stroke="currentColor">
                { ring("196", ".10") }{ ring("164", ".16") }{ ring("132", ".24") }
                { ring("100", ".36") }{ ring("68", ".55") }
            </g>
            <circle cx="200" cy="200" r="36" fill="var(--accent)" />
            <g fill="var(--ink)">
                <circle cx="200" cy="36" r="5" /><circle cx="314" cy="134" r="6" /><circle cx="108" cy="239" r="6" />
            </g>
        </svg>
    }
}

/// A tick before a feature.
pub(crate) fn tick() -> Html {
    html! {
        <svg width="14" height="14" viewBox="0 0 14 14" fill="none" stroke="var(--good)" stroke-width="2"
            aria-hidden="true"><path d="m2 7.5 3.5 3.5L12 3.5" /></svg>
    }
}

/// The dot in a pill.
pub(crate) fn dot() -> Html {
    html! { <svg width="8" height="8" aria-hidden="true"><circle cx="4" cy="4" r="4" fill="currentColor" /></svg> }
}

/// Play or pause.
pub(crate) fn play_pause(playing: bool) -> Html {
    let path = if playing { "M3 2h4v12H3zM9 2h4v12H9z" } else { "M4 2l10 6-10 6z" };
    html! {
        <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d={path} /></svg>
    }
}

/// A lock.
pub(crate) fn lock() -> Html {
    html! {
        <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.6"
            aria-hidden="true">
            <rect x="3" y="7" width="10" height="7" rx="1.5" /><path d="M5 7V5a3 3 0 0 1 6 0v2" />
        </svg>
    }
}
