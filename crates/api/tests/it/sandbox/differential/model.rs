//! A subscription to one price, with its discounts and taxes, reckoned as plainly as possible.

const DAY: i64 = 86_400;

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Days(i64),
    Months(i64),
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// Hundredths of a percent.
    Hundredths(i64),
    /// Minor units.
    Fixed(i64),
}

/// A coupon on the subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coupon {
    off: Off,
    is_once: bool,
    /// Unix seconds from which it takes nothing off any more.
    until: Option<i64>,
}

/// What becomes of prorations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prorations {
    Wait,
    AtOnce,
    None,
}

/// One of the tiers of a price: minor units for each, and for the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tier {
    /// The last one that is in the tier; none for all that are left.
    pub up_to: Option<i64>,
    pub unit: i64,
    pub flat: i64,
}

/// What a price asks for a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    Each(i64),
    /// Each costs what its own tier says.
    Graduated(&'static [Tier]),
    /// All cost what the tier says that the last is in.
    Volume(&'static [Tier]),
}

/// A tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Hundredths of a percent.
    pub hundredths: i64,
    pub is_inclusive: bool,
}

/// The subscription and what it has been charged.
#[derive(Debug, Clone)]
pub struct Model {
    pub now: i64,
    /// The item's own coupon.
    pub item_coupon: Option<Coupon>,
    pub coupon: Option<Coupon>,
    pub rates: Vec<Rate>,
    /// Whether it ends with its period.
    pub ends: bool,
    pub has_ended: bool,
    /// Totals of its invoices and the taxes in them or on top of them, oldest first.
    pub totals: Vec<(i64, i64)>,
    pricing: Pricing,
    quantity: i64,
    span: Span,
    anchor: i64,
    start: i64,
    end: i64,
    is_trial: bool,
    /// What the running period was cheaper by.
    taken_off: i64,
    /// Prorations that wait for the next invoice.
    waiting: Vec<i64>,
}

impl Pricing {
    /// The lines of an invoice: a price with tiers has two for each, for the units and for the tier.
    fn lines(self, quantity: i64) -> Vec<i64> {
        let is_in = |tier: &Tier, number: i64| tier.up_to.is_none_or(|last| number <= last);
        let tier_of = |tiers: &[Tier], number| tiers.iter().position(|tier| is_in(tier, number));
        match self {
            Pricing::Each(unit) => vec![(0..quantity).map(|_| unit).sum()],
            Pricing::Volume(tiers) => {
                let tier = tiers[tier_of(tiers, quantity).unwrap()];
                vec![(0..quantity).map(|_| tier.unit).sum(), tier.flat]
            }
            Pricing::Graduated(tiers) => {
                let mut lines = Vec::new();
                for (place, tier) in tiers.iter().enumerate() {
                    let own = (1..=quantity).filter(|n| tier_of(tiers, *n) == Some(place));
                    let units: Vec<i64> = own.map(|_| tier.unit).collect();
                    if !units.is_empty() {
                        lines.extend([units.iter().sum(), tier.flat]);
                    }
                }
                lines
            }
        }
    }

    fn cost(self, quantity: i64) -> i64 {
        self.lines(quantity).iter().sum()
    }
}

impl Coupon {
    /// For no months it reduces one invoice; without any it lasts.
    pub fn redeemed(off: Off, months: Option<i64>, now: i64) -> Coupon {
        let until = months.filter(|months| *months > 0).map(|months| add_months(now, months));
        Coupon { off, is_once: months == Some(0), until }
    }

    fn takes_off(self, amount: i64, now: i64) -> i64 {
        if self.until.is_some_and(|until| until <= now) {
            return 0;
        }
        match self.off {
            Off::Hundredths(hundredths) => divide(amount * hundredths, 10_000),
            Off::Fixed(fixed) => fixed.min(amount),
        }
    }
}

impl Model {
    pub fn begin(
        now: i64,
        pricing: Pricing,
        quantity: i64,
        span: Span,
        trial_days: i64,
        rates: Vec<Rate>,
    ) -> Model {
        let is_trial = trial_days > 0;
        let anchor = now + trial_days * DAY;
        let end = if is_trial { anchor } else { boundary_after(anchor, span, now) };
        let mut model = Model {
            now,
            item_coupon: None,
            coupon: None,
            rates,
            ends: false,
            has_ended: false,
            totals: Vec::new(),
            pricing,
            quantity,
            span,
            anchor,
            start: now,
            end,
            is_trial,
            taken_off: 0,
            waiting: Vec::new(),
        };
        model.charge_period();
        model
    }

    /// Lets time pass: periods end and the next ones are charged.
    pub fn advance(&mut self, until: i64) {
        while !self.has_ended && self.end <= until {
            self.now = self.end;
            if self.ends {
                self.has_ended = true;
                break;
            }
            self.is_trial = false;
            self.start = self.end;
            self.end = boundary_after(self.anchor, self.span, self.start);
            self.charge_period();
        }
        self.now = until;
    }

    /// Moves to another price, quantity or span now.
    pub fn change(&mut self, pricing: Pricing, quantity: i64, span: Span, prorations: Prorations) {
        let (before, after) = (self.pricing.cost(self.quantity), pricing.cost(quantity));
        let is_same = (pricing, quantity, span) == (self.pricing, self.quantity, self.span);
        // What was free and is no longer begins when it begins to cost.
        let restarts = !self.is_trial && (span != self.span || (before == 0 && after > 0));
        let prorates = !self.is_trial && !is_same && prorations != Prorations::None;
        let waiting = self.waiting.len();
        let mut wait = |amount: i64| self.waiting.extend(Some(amount).filter(|made| *made != 0));
        let rest = Rest { start: self.start, end: self.end, now: self.now };
        if prorates {
            wait(-rest.of(before - self.taken_off));
        }
        // A coupon for one invoice is left for that invoice.
        let (mut left, now) = (after, self.now);
        for coupon in [self.item_coupon, self.coupon].into_iter().flatten() {
            left -= if coupon.is_once { 0 } else { coupon.takes_off(left, now) };
        }
        if prorates && !restarts {
            wait(rest.of(left));
        }
        let is_proration_made = self.waiting.len() > waiting;
        (self.pricing, self.quantity, self.span) = (pricing, quantity, span);
        if restarts {
            self.anchor = self.now;
            self.start = self.now;
            self.end = boundary_after(self.anchor, span, self.now);
            self.charge_period();
            return;
        }
        if !is_same {
            self.taken_off = after - left;
        }
        if prorations == Prorations::AtOnce && is_proration_made {
            self.invoice(Vec::new());
        }
    }

    fn charge_period(&mut self) {
        let lines = if self.is_trial { vec![0] } else { self.pricing.lines(self.quantity) };
        let (mut left, now) = (lines.clone(), self.now);
        for coupon in [&mut self.item_coupon, &mut self.coupon] {
            let Some(running) = *coupon else { continue };
            let off = running.takes_off(left.iter().sum(), now);
            take_off(&mut left, off);
            if running.is_once && off > 0 {
                *coupon = None;
            }
        }
        self.taken_off = lines.iter().sum::<i64>() - left.iter().sum::<i64>();
        self.invoice(left);
    }

    /// Invoices what waits, and what a period costs.
    fn invoice(&mut self, period: Vec<i64>) {
        let (mut total, mut taxes) = (0, 0);
        for line in std::mem::take(&mut self.waiting).into_iter().chain(period) {
            let (included, on_top) = self.taxes(line);
            total += line + on_top;
            taxes += included + on_top;
        }
        self.totals.push((total, taxes));
    }

    /// The taxes within an amount, and those on top of it.
    fn taxes(&self, amount: i64) -> (i64, i64) {
        let is_credit = amount < 0;
        let magnitude = amount.abs();
        let sum = |inclusive| {
            let rates = self.rates.iter().filter(|rate| rate.is_inclusive == inclusive);
            rates.map(|rate| rate.hundredths).sum::<i64>()
        };
        let taxable = divide(magnitude * 10_000, 10_000 + sum(true));
        let on_top = divide(taxable * sum(false), 10_000);
        let sign = if is_credit { -1 } else { 1 };
        (sign * (magnitude - taxable), sign * on_top)
    }
}

/// What is left of a period.
struct Rest {
    start: i64,
    end: i64,
    now: i64,
}

impl Rest {
    /// The part of an amount for the whole period that falls on it.
    fn of(&self, amount: i64) -> i64 {
        divide(amount * (self.end - self.now), self.end - self.start)
    }
}

/// Takes an amount off lines, from each by its share; what rounding leaves, one by one from the first on.
fn take_off(lines: &mut [i64], off: i64) {
    let whole: i64 = lines.iter().sum();
    if whole == 0 {
        return;
    }
    let before = lines.to_vec();
    let mut left = off;
    for (line, before) in lines.iter_mut().zip(&before) {
        *line -= off * before / whole;
        left -= off * before / whole;
    }
    for line in lines.iter_mut().filter(|line| **line > 0) {
        if left > 0 {
            *line -= 1;
            left -= 1;
        }
    }
}

/// To the nearest whole, halves up; nothing here is below zero.
fn divide(dividend: i64, divisor: i64) -> i64 {
    let (whole, rest) = (dividend / divisor, dividend % divisor);
    if rest * 2 >= divisor { whole + 1 } else { whole }
}

/// The first of the anchor's days after a time.
fn boundary_after(anchor: i64, span: Span, time: i64) -> i64 {
    let mut count = 0;
    loop {
        let boundary = match span {
            Span::Days(days) => anchor + count * days * DAY,
            Span::Months(months) => add_months(anchor, count * months),
        };
        if boundary > time {
            return boundary;
        }
        count += 1;
    }
}

/// The same time of day some months later; the month's last day when it has no such day.
fn add_months(time: i64, months: i64) -> i64 {
    let (mut year, mut month, day) = date(time.div_euclid(DAY));
    for _ in 0..months {
        month += 1;
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    let day = day.min(days_in(year, month));
    days_until(year, month, day) * DAY + time.rem_euclid(DAY)
}

/// Year, month and day of a number of days since 1970 began.
fn date(mut days: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1970, 1);
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    (year, month, days + 1)
}

fn days_until(year: i64, month: i64, day: i64) -> i64 {
    let whole_years: i64 =
        (1970..year).map(|year| (1..=12).map(|m| days_in(year, m)).sum::<i64>()).sum();
    let whole_months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    whole_years + whole_months + day - 1
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
