//! A subscription to one price, reckoned as plainly as possible.

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

/// The subscription and what it has been charged.
#[derive(Debug, Clone)]
pub struct Model {
    pub now: i64,
    pub coupon: Option<Coupon>,
    /// Whether it ends with its period.
    pub ends: bool,
    pub has_ended: bool,
    /// Totals of its invoices, oldest first.
    pub totals: Vec<i64>,
    unit: i64,
    quantity: i64,
    amount: i64,
    span: Span,
    anchor: i64,
    start: i64,
    end: i64,
    is_trial: bool,
    /// What the running period was cheaper by.
    taken_off: i64,
    /// Prorations that wait for the next invoice.
    waiting: i64,
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
    pub fn begin(now: i64, unit: i64, quantity: i64, span: Span, trial_days: i64) -> Model {
        let is_trial = trial_days > 0;
        let anchor = now + trial_days * DAY;
        let end = if is_trial { anchor } else { boundary_after(anchor, span, now) };
        let amount = unit * quantity;
        Model {
            now,
            coupon: None,
            ends: false,
            has_ended: false,
            totals: vec![if is_trial { 0 } else { amount }],
            unit,
            quantity,
            amount,
            span,
            anchor,
            start: now,
            end,
            is_trial,
            taken_off: 0,
            waiting: 0,
        }
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

    /// Moves to another amount or span now.
    pub fn change(&mut self, unit: i64, quantity: i64, span: Span, prorations: Prorations) {
        let amount = unit * quantity;
        let is_same = (unit, quantity, span) == (self.unit, self.quantity, self.span);
        let restarts = span != self.span && !self.is_trial;
        let prorates = !self.is_trial && !is_same && prorations != Prorations::None;
        let mut prorated = 0;
        if prorates {
            prorated -= self.rest_of_period(self.amount - self.taken_off);
        }
        // A coupon for one invoice is left for that invoice.
        let lasting = self.coupon.filter(|coupon| !coupon.is_once);
        let taken_off = lasting.map_or(0, |coupon| coupon.takes_off(amount, self.now));
        let is_proration_made = if prorates && !restarts {
            let debit = self.rest_of_period(amount - taken_off);
            let is_made = prorated != 0 || debit != 0;
            prorated += debit;
            is_made
        } else {
            prorated != 0
        };
        self.waiting += prorated;
        (self.unit, self.quantity, self.amount, self.span) = (unit, quantity, amount, span);
        if restarts {
            self.anchor = self.now;
            self.start = self.now;
            self.end = boundary_after(self.anchor, span, self.now);
            self.charge_period();
            return;
        }
        if !is_same {
            self.taken_off = taken_off;
        }
        if prorations == Prorations::AtOnce && is_proration_made {
            self.totals.push(self.waiting);
            self.waiting = 0;
        }
    }

    fn charge_period(&mut self) {
        self.taken_off = self.coupon.map_or(0, |coupon| coupon.takes_off(self.amount, self.now));
        self.totals.push(self.waiting + self.amount - self.taken_off);
        self.waiting = 0;
        let is_used_up = |coupon: &Coupon| coupon.is_once && self.taken_off > 0;
        if self.coupon.as_ref().is_some_and(is_used_up) {
            self.coupon = None;
        }
    }

    fn rest_of_period(&self, amount: i64) -> i64 {
        divide(amount * (self.end - self.now), self.end - self.start)
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
