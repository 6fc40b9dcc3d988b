//! What the index says about each page before the app runs: title, description and, where the plans are shown, the
//! plans themselves, readable without WebAssembly. The app shows the same once it takes over. Pure.

use std::fmt::Write;

use shared::{
    money::Money,
    paths,
    plans::{Interval, Plan, PlanPrice},
};

const ABOUT: &str = "A private podcast for people who build software for a living. New conversations every week, in \
                     the app you already listen with.";

/// The way on leads to the address that was asked for, in whose place the service worker shows this.
const OFFLINE: &str = "<div class=\"page narrow\"><h1 class=\"h2\">This page needs a connection.</h1>\
                       <p class=\"soft\">It shows as soon as there is one again.</p>\
                       <div class=\"actions\"><a class=\"btn\" href=\"\">Try again</a></div></div>";

/// Whether the page at `path` shows the plans.
pub(super) fn shows_plans(path: &str) -> bool {
    matches!(path, "/" | "/pricing")
}

/// The index for the page at `path`: its head, and what stands in its main element until the app runs.
/// Parts that `index` does not have are left out.
pub(super) fn fill(index: &str, path: &str, plans: &[Plan]) -> String {
    let (title, description) = head(path);
    let mut page = index.to_owned();
    replace_element(&mut page, "title", &format!("{title} · Inner Circle"));
    replace_description(&mut page, description);
    if path == paths::OFFLINE_PAGE {
        replace_element(&mut page, "main", OFFLINE);
    }
    if shows_plans(path) && !plans.is_empty() {
        let main = if path == "/" { home(plans) } else { pricing(plans) };
        // The app reads the plans from here, so that it need not wait for them; `<` would end the element.
        let data = serde_json::json!({ "plans": plans }).to_string().replace('<', "\\u003c");
        replace_element(&mut page, "main", &main);
        if let Some(end) = page.find("</body>") {
            let element = format!("<script type=\"application/json\" id=\"plans\">{data}</script>");
            page.insert_str(end, &element);
        }
    }
    page
}

/// Title and description. The titles are the app's own.
fn head(path: &str) -> (&'static str, &'static str) {
    match path {
        "/" => ("Stay in the circle", ABOUT),
        "/pricing" => (
            "Pricing",
            "What membership of Inner Circle costs by the month and by the year, and what each plan opens. Change \
             or cancel whenever you like.",
        ),
        "/terms" => ("Terms", "What you and Inner Circle agree on when you join."),
        "/privacy" => ("Privacy", "What Inner Circle keeps about you, why, and for how long."),
        "/register" => ("Create your account", "Make an account to listen to Inner Circle."),
        "/login" => ("Log in", "Log in to listen to Inner Circle."),
        "/forgot-password" => ("Forgot your password?", "Get a link to choose a new password."),
        "/reset-password" => ("Choose a new password", "Choose a new password for your account."),
        "/verify-email" => ("Confirm your address", "Confirm the e-mail address of your account."),
        "/episodes" => {
            ("Episodes", "Every episode of Inner Circle, and the free ones to hear now.")
        }
        "/account" => ("Your membership", ABOUT),
        paths::OFFLINE_PAGE => ("You are offline", ABOUT),
        "/checkout/return" => ("Your payment", ABOUT),
        path if path.starts_with("/episodes/") => ("Episode", ABOUT),
        _ => ("Page not found", ABOUT),
    }
}

/// Replaces what stands in the first element of this name.
fn replace_element(page: &mut String, name: &str, content: &str) {
    let range = || {
        let open = page.find(&format!("<{name}"))?;
        let start = open + page[open..].find('>')? + 1;
        let end = start + page[start..].find(&format!("</{name}>"))?;
        Some(start..end)
    };
    if let Some(range) = range() {
        page.replace_range(range, content);
    }
}

/// Replaces the description, whichever way its attributes are written.
fn replace_description(page: &mut String, description: &str) {
    let range = || {
        let name =
            ["name=description", "name=\"description\""].iter().find_map(|it| page.find(it))?;
        Some(page[..name].rfind('<')?..name + page[name..].find('>')? + 1)
    };
    if let Some(range) = range() {
        page.replace_range(
            range,
            &format!("<meta name=\"description\" content=\"{description}\">"),
        );
    }
}

fn home(plans: &[Plan]) -> String {
    format!(
        "<div class=\"stage\"><div class=\"hero\"><h1>Stay in the circle.</h1><p class=\"soft\">{ABOUT}</p>\
         <div class=\"actions\"><a class=\"btn\" href=\"/pricing\">See the plans</a>\
         <a class=\"btn quiet\" href=\"/episodes\">Hear a free episode</a></div></div></div>\
         <section><h2>How it works</h2><ol class=\"steps\">{}</ol></section>\
         <section><div class=\"section-head\"><h2>Latest episodes</h2><a class=\"item\" href=\"/episodes\">All \
         episodes</a></div><div class=\"skeleton rows\" aria-hidden=\"true\">{}</div></section>\
         <section>{}</section>",
        STEPS
            .map(|(title, text)| format!("<li><h3>{title}</h3><p class=\"soft\">{text}</p></li>"))
            .concat(),
        "<span></span>".repeat(4),
        cards(plans, "h2", "h3")
    )
}

fn pricing(plans: &[Plan]) -> String {
    format!(
        "<div class=\"page\"><div>{}</div></div>",
        cards(plans, "h1 class=\"h2\"", "h2 class=\"h3\"")
    )
}

/// The plans by the month, as the app shows them first, with the yearly price beside it.
fn cards(plans: &[Plan], heading: &str, title: &str) -> String {
    let closing = |tag: &str| tag.split(' ').next().unwrap_or_default().to_owned();
    let mut html = format!(
        "<div class=\"section-head\"><{heading}>One circle, three ways in</{}></div><div class=\"plans\">",
        closing(heading)
    );
    let best = plans.len() / 2;
    for (index, plan) in plans.iter().enumerate() {
        let recommended = index == best && index > 0;
        let class = if recommended { "card plan best" } else { "card plan" };
        let (name, id) = (escape(&plan.name), escape(&plan.id));
        // Writing to a string does not fail.
        let _ = write!(html, "<article class=\"{class}\">");
        if recommended {
            html.push_str("<span class=\"tag\">Most listeners</span>");
        }
        let _ = write!(
            html,
            "<{title}>{name}</{}><p class=\"soft\">{}</p><div>{}</div><ul class=\"ticks\">",
            closing(title),
            escape(&plan.description),
            prices(plan)
        );
        for feature in &plan.features {
            let _ = write!(html, "<li>{TICK}<span>{}</span></li>", escape(feature));
        }
        let quiet = if recommended { "" } else { " quiet" };
        let _ = write!(
            html,
            "</ul><a class=\"btn wide{quiet}\" href=\"/register?plan={id}&amp;interval=month\">Choose {name}</a></article>"
        );
    }
    html.push_str(
        "</div><p class=\"soft small fineprint\">Change or cancel whenever you like, in two clicks. Payments are \
         handled by Stripe.</p>",
    );
    html
}

const STEPS: [(&str, &str); 3] = [
    ("Pick a plan", "By the month or by the year, on Stripe's own payment page."),
    (
        "Listen here, or anywhere",
        "In the browser, or with your private feed in the podcast app you use.",
    ),
    ("Leave when you like", "Two clicks, no questions. What you paid for stays open to its end."),
];

const TICK: &str = "<svg width=\"14\" height=\"14\" viewBox=\"0 0 14 14\" fill=\"none\" stroke=\"var(--good)\" \
                    stroke-width=\"2\" aria-hidden=\"true\"><path d=\"m2 7.5 3.5 3.5L12 3.5\"/></svg>";

fn prices(plan: &Plan) -> String {
    let of = |interval| plan.prices.iter().find(|price| price.interval == interval);
    let money = |price: &PlanPrice| format_price(&Money::new(price.amount, &price.currency));
    let by_year = |price| format!("{} a year", money(price));
    match (of(Interval::Month), of(Interval::Year)) {
        (Some(month), year) => {
            let year = year.map(|year| format!("or {}", by_year(year))).unwrap_or_default();
            format!(
                "<p class=\"price num\">{}<small> a month</small></p><p class=\"soft small\">{year}</p>",
                money(month)
            )
        }
        (None, Some(year)) => {
            format!("<p class=\"price num\">{}<small> a year</small></p>", money(year))
        }
        (None, None) => "<p class=\"soft\">Not on sale now.</p>".to_owned(),
    }
}

/// A price as it is advertised in American English: `$1,200`, `$5.50`, `CHF 5`. The app writes it in the listener's
/// own language.
fn format_price(money: &Money) -> String {
    let decimal = money.decimal();
    let (whole, fraction) = decimal.split_once('.').unwrap_or((&decimal, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0
            && (whole.len() - index).is_multiple_of(3)
            && whole.as_bytes()[index - 1] != b'-'
        {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if fraction.bytes().any(|digit| digit != b'0') {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    match money.currency.as_str() {
        "usd" => format!("${grouped}"),
        "eur" => format!("€{grouped}"),
        "gbp" => format!("£{grouped}"),
        "jpy" => format!("¥{grouped}"),
        "inr" => format!("₹{grouped}"),
        "krw" => format!("₩{grouped}"),
        // With a space that does not break.
        other => format!("{}\u{a0}{grouped}", other.to_ascii_uppercase()),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<html><head><title>Inner Circle</title><meta content=\"x\" name=description><link></head>\
                         <body><main class=wrap id=content>shell</main></body></html>";

    fn plan(name: &str) -> Plan {
        let price = |interval, amount| PlanPrice {
            interval,
            lookup_key: name.to_owned(),
            amount,
            currency: "usd".to_owned(),
            trial_days: 0,
            setup_fee: None,
        };
        Plan {
            id: "pro".to_owned(),
            name: name.to_owned(),
            description: "All of it.".to_owned(),
            features: vec!["One & <two>".to_owned()],
            prices: vec![price(Interval::Month, 1000), price(Interval::Year, 10050)],
        }
    }

    #[test]
    fn the_plans_stand_in_the_page_before_the_app_runs() {
        let page = fill(INDEX, "/pricing", &[plan("Pro</script>")]);
        assert!(page.contains("<title>Pricing · Inner Circle</title>"), "{page}");
        assert!(page.contains("<meta name=\"description\" content=\"What membership"), "{page}");
        assert!(page.contains("<main class=wrap id=content><div class=\"page\">"), "{page}");
        assert!(page.contains("$10<small> a month</small>") && page.contains("or $100.50 a year"));
        assert!(page.contains("<li>") && page.contains("One &amp; &lt;two&gt;"), "{page}");
        assert!(!page.contains("shell") && !page.contains("Pro</script>"), "{page}");
        assert!(page.contains("Pro\\u003c/script>"), "{page}");
    }

    #[test]
    fn every_page_has_its_own_title() {
        for path in paths::PAGES {
            let page = fill(INDEX, path, &[]);
            assert!(!page.contains("Page not found"), "{path}");
            assert_eq!(page.contains("shell"), *path != paths::OFFLINE_PAGE, "{path}");
        }
        assert!(fill(INDEX, "/nope", &[]).contains("<title>Page not found"));
    }

    #[test]
    fn a_page_without_these_parts_stays_as_it_is() {
        assert_eq!(fill("<p>Not built.</p>", "/pricing", &[plan("Pro")]), "<p>Not built.</p>");
    }

    #[test]
    fn prices_are_written_as_advertised() {
        for (amount, currency, text) in [
            (500, "usd", "$5"),
            (550, "usd", "$5.50"),
            (120_000, "eur", "€1,200"),
            (1_234_567, "jpy", "¥1,234,567"),
            (-100_000, "gbp", "£-1,000"),
            (1500, "chf", "CHF\u{a0}15"),
        ] {
            assert_eq!(format_price(&Money::new(amount, currency)), text, "{amount} {currency}");
        }
    }
}
