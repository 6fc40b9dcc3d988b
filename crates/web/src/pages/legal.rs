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
                "Stripe takes the payment. Prices are shown before you pay; when a plan's price changes, you keep \
                 paying the one you subscribed at. When a payment fails you can still listen for a few days while you \
                 mend it.") }
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
                "Your e-mail address, a digest of your password that cannot be turned back, your plan with its history, \
                 and the brand, last digits and expiry of your card. Of each log-in, what your browser calls itself and \
                 when it was last used, until a week after it has ended.") }
            { part("What we count",
                "Log-ins and the like by address and network, for a day and under a keyed hash, so that nobody can try \
                 passwords for ever. Downloads by episode and day, under a hash that changes daily.") }
            { part("What we mail",
                "Only what concerns your account and your payments. What a mail said and whom it went to is forgotten \
                 once it is sent.") }
            { part("What Stripe keeps",
                "Your name, addresses, card and invoices. It reports what happens to your subscription to us, with your \
                 name and addresses where they belong to it, never the card's number. These reports are removed after some \
                 time, as a rule after 90 days.") }
            { part("In your browser",
                "One cookie keeps you logged in. Your browser also remembers that you are, how far you heard each \
                 episode, what you began to type into a form until its tab is closed, and the site's own files, so that it \
                 opens without a connection. There is no tracking and no advertising.") }
            { part("Leaving",
                "Delete your account on its page: what you pay for is ended at Stripe at once, and then your data here is \
                 erased. What stays is your customer number at Stripe, so that we notice should it ever be charged again, \
                 when which kind of report came about it, and, if you had a trial, a keyed hash of your address. Stripe \
                 keeps invoices for as long as the law asks it to.") }
        </article>
    }
}
