//! Terms and privacy.

use yew::prelude::*;

fn part(title: &'static str, text: &'static str) -> Html {
    html! { <><h2>{ title }</h2><p>{ text }</p></> }
}

/// The terms of use.
pub(crate) fn terms() -> Html {
    html! {
        <article class="page prose">
            <h1 class="h2">{ "Terms" }</h1>
            <p class="soft">{ "What you and we agree on when you join. Short, because it is simple." }</p>
            { part("Your membership",
                "A plan opens the episodes it names for one person, or for the team that an Enterprise plan is for. \
                 It renews by itself at the end of each month or year until you cancel it.") }
            { part("Paying",
                "Stripe takes the payment. Prices are shown before you pay, and a change of price is announced before \
                 it applies to you. When a payment fails you can still listen for a few days while you mend it.") }
            { part("Cancelling",
                "You can cancel on your account page whenever you like. Episodes stay open until the end of the period \
                 you paid for.") }
            { part("Your feed",
                "The address of your private feed is yours alone. Please do not pass it on; \
                 if it got out, make a new one.") }
            { part("The episodes",
                "They are made for your ears. Please do not publish them elsewhere.") }
        </article>
    }
}

/// The privacy policy.
pub(crate) fn privacy() -> Html {
    html! {
        <article class="page prose">
            <h1 class="h2">{ "Privacy" }</h1>
            <p class="soft">{ "What is kept about you, why, and for how long." }</p>
            { part("What we keep",
                "Your e-mail address, a digest of your password that cannot be turned back, your plan and its state, \
                 and the sessions in which you are logged in.") }
            { part("What Stripe keeps",
                "Your name, card and invoices. We see the card's brand and last four digits, never its number.") }
            { part("In your browser",
                "One cookie keeps you logged in. Your browser also remembers how far you heard each episode; \
                 that never leaves it. There is no tracking and no advertising.") }
            { part("Leaving",
                "Delete your account on its page, and your data here is erased. Stripe keeps invoices for as long as the law \
                 asks it to.") }
        </article>
    }
}
