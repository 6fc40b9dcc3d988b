//! The invoice as a PDF: A4, black on white, in Helvetica, which every reader brings along.

use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use super::view::period;
use super::{is_paid, number};
use crate::sandbox::invoice_page::{InvoicePage, InvoicePageLine};
use crate::sandbox::pages::display;

const PAGE: (f32, f32) = (595.0, 842.0);
const MARGIN: f32 = 56.0;
const REGULAR: Name<'static> = Name(b"R");
const BOLD: Name<'static> = Name(b"B");

/// The file's bytes.
pub(super) fn render(invoice: &InvoicePage) -> Vec<u8> {
    let title =
        format!("{} {}", if is_paid(invoice) { "Receipt" } else { "Invoice" }, number(invoice));
    let mut sheets = Sheets::default();
    write_head(&mut sheets, invoice, &title);
    write_lines(&mut sheets, invoice);
    write_totals(&mut sheets, invoice);
    sheets.into_pdf(&title)
}

fn write_head(sheets: &mut Sheets, invoice: &InvoicePage, title: &str) {
    sheets.text(REGULAR, 9.0, "Sandbox — no real money moved. This document is not from Stripe.");
    sheets.feed(30.0);
    sheets.text(BOLD, 20.0, title);
    sheets.feed(26.0);
    let paid = invoice.paid_at.map(|at| format!("Paid on {}", display::date(at)));
    let facts =
        [Some(format!("From {}", invoice.merchant)), Some(display::date(invoice.created)), paid];
    for fact in facts.iter().flatten() {
        sheets.text(REGULAR, 10.0, fact);
        sheets.feed(15.0);
    }
    sheets.feed(10.0);
    for line in addressee(invoice) {
        sheets.text(REGULAR, 10.0, &line);
        sheets.feed(15.0);
    }
    sheets.feed(15.0);
}

fn addressee(invoice: &InvoicePage) -> Vec<String> {
    let address = invoice.customer_address.clone().unwrap_or_default();
    let town = [address.postal_code, address.city, address.state]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ");
    [
        invoice.customer_name.clone(),
        invoice.customer_email.clone(),
        address.line1,
        address.line2,
        Some(town).filter(|town| !town.is_empty()),
        address.country,
    ]
    .into_iter()
    .flatten()
    .chain(invoice.tax_ids.iter().map(|tax_id| format!("Tax ID {tax_id}")))
    .collect()
}

fn write_lines(sheets: &mut Sheets, invoice: &InvoicePage) {
    sheets.rule();
    for line in &invoice.lines {
        let amount = display::amount(line.amount, &invoice.currency);
        let room = PAGE.0 - 2.0 * MARGIN - 110.0;
        for (row, text) in wrap(&described(line), 10.0, room).iter().enumerate() {
            sheets.text(REGULAR, 10.0, text);
            if row == 0 {
                sheets.text_right(REGULAR, 10.0, &amount);
            }
            sheets.feed(14.0);
        }
        if let Some(period) = period(line) {
            sheets.text(REGULAR, 9.0, &period);
            sheets.feed(14.0);
        }
        for (text, amount) in &line.discounts {
            sheets.text(REGULAR, 9.0, text);
            sheets.text_right(REGULAR, 9.0, &display::amount(-amount, &invoice.currency));
            sheets.feed(14.0);
        }
        sheets.feed(6.0);
    }
    sheets.rule();
}

/// What a line is for, with its quantity, which most descriptions name already.
fn described(line: &InvoicePageLine) -> String {
    let times = format!("{} × ", line.quantity);
    if line.quantity == 1 || line.description.contains(&times) {
        line.description.clone()
    } else {
        format!("{times}{}", line.description)
    }
}

fn write_totals(sheets: &mut Sheets, invoice: &InvoicePage) {
    let due = if is_paid(invoice) { 0 } else { invoice.amount_due };
    let credit = (invoice.credit_applied > 0).then_some(("Credit used", -invoice.credit_applied));
    let paid = (invoice.amount_paid > 0).then_some(("Paid", -invoice.amount_paid));
    let discounts = invoice.discounts.iter().map(|(text, amount)| (text.as_str(), -amount));
    let taxes = invoice.taxes.iter().map(|(text, amount)| (text.as_str(), *amount));
    let subtotal = std::iter::once(("Subtotal", invoice.subtotal));
    let rest = [Some(("Total", invoice.total)), credit, paid];
    let sums = subtotal.chain(discounts).chain(taxes).chain(rest.into_iter().flatten());
    for (label, amount) in sums {
        sheets.text(REGULAR, 10.0, label);
        sheets.text_right(REGULAR, 10.0, &display::amount(amount, &invoice.currency));
        sheets.feed(16.0);
    }
    sheets.text(BOLD, 11.0, "Amount due");
    sheets.text_right(BOLD, 11.0, &display::amount(due, &invoice.currency));
}

/// Pages that are written from the top down.
struct Sheets {
    done: Vec<Content>,
    current: Content,
    /// Points from the bottom edge of the next line.
    y: f32,
}

impl Default for Sheets {
    fn default() -> Sheets {
        Sheets { done: Vec::new(), current: Content::new(), y: PAGE.1 - MARGIN }
    }
}

impl Sheets {
    fn text(&mut self, font: Name<'_>, size: f32, text: &str) {
        self.text_at(MARGIN, font, size, text);
    }

    fn text_right(&mut self, font: Name<'_>, size: f32, text: &str) {
        self.text_at(PAGE.0 - MARGIN - width(text, size), font, size, text);
    }

    fn text_at(&mut self, x: f32, font: Name<'_>, size: f32, text: &str) {
        self.current.begin_text().set_font(font, size).next_line(x, self.y);
        self.current.show(Str(&win_ansi(text))).end_text();
    }

    /// Goes down, to a new page where there is no room left.
    fn feed(&mut self, points: f32) {
        self.y -= points;
        if self.y < MARGIN {
            self.done.push(std::mem::replace(&mut self.current, Content::new()));
            self.y = PAGE.1 - MARGIN;
        }
    }

    fn rule(&mut self) {
        self.current
            .set_line_width(0.5)
            .move_to(MARGIN, self.y)
            .line_to(PAGE.0 - MARGIN, self.y)
            .stroke();
        self.feed(18.0);
    }

    fn into_pdf(mut self, title: &str) -> Vec<u8> {
        self.done.push(self.current);
        let mut next_id = 1..;
        let mut id = || Ref::new(next_id.next().unwrap_or(i32::MAX));
        let (catalog, tree, info, regular, bold) = (id(), id(), id(), id(), id());
        let sheets: Vec<(Ref, Ref, Content)> =
            self.done.into_iter().map(|content| (id(), id(), content)).collect();

        let mut pdf = Pdf::new();
        pdf.catalog(catalog).pages(tree).lang(TextStr("en"));
        pdf.document_info(info).title(TextStr(title));
        pdf.pages(tree)
            .kids(sheets.iter().map(|sheet| sheet.0))
            .count(sheets.len().try_into().unwrap_or(i32::MAX));
        for (font, name) in [(regular, &b"Helvetica"[..]), (bold, b"Helvetica-Bold")] {
            pdf.type1_font(font)
                .base_font(Name(name))
                .encoding_predefined(Name(b"WinAnsiEncoding"));
        }
        for (page_id, content_id, content) in sheets {
            let mut page = pdf.page(page_id);
            page.media_box(Rect::new(0.0, 0.0, PAGE.0, PAGE.1)).parent(tree).contents(content_id);
            page.resources().fonts().pair(REGULAR, regular).pair(BOLD, bold);
            page.finish();
            pdf.stream(content_id, &content.finish());
        }
        pdf.finish()
    }
}

/// Text in the fonts' encoding (PDF 32000-1, annex D.2); what it lacks becomes a question mark.
fn win_ansi(text: &str) -> Vec<u8> {
    let byte = |c: char| match c {
        '€' => 0x80,
        '‘' => 0x91,
        '’' => 0x92,
        '“' => 0x93,
        '”' => 0x94,
        '•' => 0x95,
        '–' => 0x96,
        '—' => 0x97,
        c if c.is_ascii() || ('\u{a0}'..='\u{ff}').contains(&c) => {
            u8::try_from(u32::from(c)).unwrap_or(b'?')
        }
        _ => b'?',
    };
    text.chars().map(byte).collect()
}

/// Breaks text at spaces into lines of at most `room` points.
fn wrap(text: &str, size: f32, room: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last().map_or(String::new(), |line| format!("{line} {word}"));
        match lines.last_mut() {
            Some(last) if last.is_empty() => word.clone_into(last),
            Some(last) if width(&line, size) <= room => *last = line,
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How wide text is in Helvetica, in points. Helvetica-Bold has digits of the same width.
fn width(text: &str, size: f32) -> f32 {
    let thousandths: u32 = win_ansi(text)
        .iter()
        .map(|byte| {
            let place = usize::from(*byte).checked_sub(32).filter(|place| *place < WIDTHS.len());
            place.map_or(556, |place| u32::from(WIDTHS[place]))
        })
        .sum();
    // At most a line's worth of characters: exact in a float.
    size * thousandths as f32 / 1000.0
}

/// Advance widths of the ASCII characters from space on, from Adobe's metrics of Helvetica.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_quantity_once() {
        let described = |quantity, description: &str| {
            described(&InvoicePageLine {
                description: description.to_owned(),
                quantity,
                amount: 1_800,
                discounts: Vec::new(),
                period_start: 0,
                period_end: 0,
            })
        };
        for (quantity, description, expected) in [
            (1, "Set-up", "Set-up"),
            (2, "Set-up", "2 × Set-up"),
            (1, "1 × Pro (at $9.00 / month)", "1 × Pro (at $9.00 / month)"),
            (2, "2 × Pro (at $9.00 / month)", "2 × Pro (at $9.00 / month)"),
            (
                2,
                "Unused time on 2 × Pro after 12 Nov 2026",
                "Unused time on 2 × Pro after 12 Nov 2026",
            ),
        ] {
            assert_eq!(described(quantity, description), expected);
        }
    }

    #[test]
    fn text_is_encoded_and_broken_for_the_page() {
        assert_eq!(win_ansi("€9.00 × Zoë – 漢"), b"\x809.00 \xd7 Zo\xeb \x96 ?");
        assert_eq!(wrap("one two three", 10.0, 45.0), ["one two", "three"]);
        assert_eq!(wrap("", 10.0, 45.0), [""]);
    }
}
