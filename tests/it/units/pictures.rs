//! Colours and charts: readable whatever they are made of (BRAND-1, LINK-5, DASH-2).

use chrono::{DateTime, Utc};
use vestibule::page::accent::{sheet, sheet_name};
use vestibule::page::charts::{bars, line, short, written};

/// What an accent's style sheet is laid on: `--surface` of portal.css, in light and in dark.
const WHITE: &str = "ffffff";
const NIGHT: &str = "1c1f26";

/// BRAND-1
#[test]
fn any_colour_becomes_readable_in_light_and_in_dark() {
    for step in 0..512u32 {
        let channel = |shift: u32| (f64::from((step >> shift) & 7) * 255.0 / 7.0).round() as u8;
        let told = format!("#{:02x}{:02x}{:02x}", channel(0), channel(3), channel(6));
        let css = sheet(&sheet_name(&told)).unwrap();
        let (light, dark) = css.split_once("@media (prefers-color-scheme:dark)").unwrap();
        for (scheme, surface) in [(light, WHITE), (dark, NIGHT)] {
            let (text, wash) = (role(scheme, "accent-text"), role(scheme, "accent-wash"));
            let (shape, on_shape) = (role(scheme, "accent"), role(scheme, "on-accent"));
            assert!(contrast(text, wash) >= 4.5, "text of {told} on its wash");
            assert!(contrast(text, surface) >= 4.5, "text of {told}");
            assert!(contrast(on_shape, shape) >= 4.5, "text on {told}");
            assert!(contrast(shape, surface) >= 3.0, "shapes of {told}");
        }
    }
}

/// The colour that plays a role, as `rrggbb`.
fn role<'a>(scheme: &'a str, name: &str) -> &'a str {
    let (_, rest) = scheme.split_once(&format!("--{name}:#")).unwrap();
    &rest[..6]
}

/// WCAG's contrast ratio, 1 to 21.
fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG's relative luminance of `rrggbb`.
fn luminance(color: &str) -> f64 {
    let linear = |channel: u8| {
        let share = f64::from(channel) / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
    };
    let channels = hex::decode(color).unwrap();
    0.2126 * linear(channels[0]) + 0.7152 * linear(channels[1]) + 0.0722 * linear(channels[2])
}

/// LINK-5
#[test]
fn only_the_name_of_a_colour_names_a_stylesheet() {
    assert!(sheet(&sheet_name("#2f5d8a")).is_some());
    for name in ["accent-.css", "accent-2f5d8.css", "accent-2f5d8g.css", "accent-2f5d8a", "2f5d8a.css"] {
        assert_eq!(sheet(name), None, "{name}");
    }
}

fn at(day: u32) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day.into())
}

/// DASH-2
#[test]
fn a_picture_wears_the_pages_colours_and_no_text_becomes_markup() {
    let drawn = bars(&[("<b>&\"Build\"".to_owned(), 3.0), ("Review".to_owned(), 0.0)], " h").unwrap();
    assert!(drawn.starts_with("<svg class=\"chart\"") && drawn.trim_end().ends_with("</svg>"), "{drawn}");
    assert!(drawn.contains("var(--accent)") && !drawn.contains("#0102"), "{drawn}");
    assert!(
        drawn.contains("&lt;b&gt;&amp;") && !drawn.contains("<b>") && !drawn.contains("style="),
        "{drawn}"
    );
    let drawn =
        line(&[(at(1), 3.0), (at(2), -4.5), (at(9), 12_345.0)], |at| at.format("%d").to_string()).unwrap();
    assert!(drawn.contains("polyline"), "{drawn}");
}

/// DASH-2
#[test]
fn any_values_make_a_picture() {
    for values in [vec![], vec![0.0], vec![1e15, -1e15], vec![5.0, 5.0], vec![1e-9, 0.0]] {
        let points: Vec<_> = values.iter().enumerate().map(|(n, value)| (at(n as u32), *value)).collect();
        line(&points, |_| String::new()).unwrap();
        line(&points.iter().map(|point| (at(0), point.1)).collect::<Vec<_>>(), |_| String::new()).unwrap();
        bars(&values.iter().map(|value| (String::new(), *value)).collect::<Vec<_>>(), "").unwrap();
    }
}

#[test]
fn numbers_are_written_as_people_read_them() {
    let said = [0.0, 7.5, 1234.0, -1_234_567.891, 999.999].map(written);
    assert_eq!(said, ["0", "7.5", "1,234", "-1,234,567.89", "1,000"]);
    assert_eq!([950.0, 12_300.0, 4.2e6, 1e15].map(short), ["950", "12.3k", "4.2m", "1,000,000bn"]);
}
