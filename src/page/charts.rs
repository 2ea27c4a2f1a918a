//! Pictures of numbers, drawn as SVG by `plotters`. It draws in colours that stand for roles; those become
//! the page's own, so that one picture is readable in light and in dark. Beside each picture the page has
//! its numbers as a table.

use chrono::{DateTime, Utc};
use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, DrawingArea, IntoDrawingArea as _, IntoFont as _, LabelAreaPosition, LineSeries, RGBColor,
    Rectangle, SVGBackend, Text,
};
use plotters::series::AreaSeries;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, ShapeStyle, TextStyle};

use crate::error::{Error, Result};

/// Size of a picture's own grid; the page scales it.
const WIDTH: u32 = 400;
const HEIGHT: u32 = 170;
const FONT: u32 = 12;
/// Room around what a line draws: for its values, its days, and half a word at the end.
const LEFT: u32 = 48;
const BELOW: u32 = 26;
const RIGHT: u32 = 12;
/// Bars lie in narrow places.
const BARS: u32 = 300;
/// Height of a bar that lies, with what is above it.
const ROW: u32 = 34;

/// What is drawn on, in the picture's own grid.
type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What a colour stands for, as it is drawn and as the page writes it.
const ACCENT: (RGBColor, &str, &str) = (RGBColor(1, 2, 3), "#010203", "var(--accent)");
const WASH: (RGBColor, &str, &str) = (RGBColor(1, 2, 4), "#010204", "var(--accent-wash)");
const LINE: (RGBColor, &str, &str) = (RGBColor(1, 2, 5), "#010205", "var(--line)");
const SOFT: (RGBColor, &str, &str) = (RGBColor(1, 2, 6), "#010206", "var(--soft)");
const INK: (RGBColor, &str, &str) = (RGBColor(1, 2, 7), "#010207", "var(--ink)");

/// Values over time: a line with what is below it shaded. `day` says a moment in words.
pub fn line(points: &[(DateTime<Utc>, f64)], day: impl Fn(DateTime<Utc>) -> String) -> Result<String> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Ok(String::new()) };
    let (start, end) = (first.0.timestamp(), last.0.timestamp().max(first.0.timestamp() + 1));
    let (low, high) = range(points.iter().map(|point| point.1));
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, (WIDTH, HEIGHT)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin_top(8)
            .margin_right(RIGHT)
            .x_label_area_size(BELOW)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(start..end, low..high)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .y_labels(4)
            .x_labels(3)
            .light_line_style(ShapeStyle::from(&LINE.0).stroke_width(0))
            .bold_line_style(ShapeStyle::from(&LINE.0).stroke_width(1))
            .axis_style(ShapeStyle::from(&LINE.0).stroke_width(1))
            .label_style(text(SOFT.0))
            .x_label_formatter(&|_: &i64| String::new())
            .set_tick_mark_size(LabelAreaPosition::Bottom, 0)
            .y_label_formatter(&|value: &f64| short(*value))
            .draw()
            .map_err(failed)?;
        let drawn = || points.iter().map(|(at, value)| (at.timestamp(), *value));
        chart.draw_series(AreaSeries::new(drawn(), low, WASH.0.filled())).map_err(failed)?;
        let stroke = ShapeStyle::from(&ACCENT.0).stroke_width(2);
        chart.draw_series(LineSeries::new(drawn(), stroke)).map_err(failed)?;
        ends(&area, &day(first.0), &day(last.0))?;
        area.present().map_err(failed)?;
    }
    Ok(finished(&picture, (WIDTH, HEIGHT)))
}

/// The first and the last day, at the ends of the axis: round numbers of seconds would name odd days, or
/// one only.
fn ends(area: &Area<'_>, first: &str, last: &str) -> Result<()> {
    let top = (HEIGHT - BELOW + 6) as i32;
    area.draw(&Text::new(first.to_owned(), (LEFT as i32, top), text(SOFT.0))).map_err(failed)?;
    if first != last {
        let right = text(SOFT.0).pos(Pos::new(HPos::Right, VPos::Top));
        area.draw(&Text::new(last.to_owned(), ((WIDTH - RIGHT) as i32, top), right)).map_err(failed)?;
    }
    Ok(())
}

/// Values beside each other: a bar each, lying, its name above it and its value behind it.
pub fn bars(values: &[(String, f64)], unit: &str) -> Result<String> {
    let height = ROW * values.len() as u32;
    let most = values.iter().map(|(_, value)| value.abs()).fold(f64::MIN_POSITIVE, f64::max);
    let mut picture = String::new();
    {
        let area = SVGBackend::with_string(&mut picture, (BARS, height.max(1))).into_drawing_area();
        let width = f64::from(BARS);
        for (place, (name, value)) in values.iter().enumerate() {
            let top = place as i32 * ROW as i32;
            let end = (width * value.abs() / most).round().max(2.0) as i32;
            area.draw(&Text::new(name.clone(), (0, top + 2), text(INK.0))).map_err(failed)?;
            let right = text(SOFT.0).pos(Pos::new(HPos::Right, VPos::Top));
            let said = format!("{}{unit}", written(*value));
            area.draw(&Text::new(said, (BARS as i32, top + 2), right)).map_err(failed)?;
            let (from, to) = (top + 19, top + 27);
            let ground = Rectangle::new([(0, from), (BARS as i32, to)], WASH.0.filled());
            area.draw(&ground).map_err(failed)?;
            area.draw(&Rectangle::new([(0, from), (end, to)], ACCENT.0.filled())).map_err(failed)?;
        }
        area.present().map_err(failed)?;
    }
    Ok(finished(&picture, (BARS, height)))
}

/// From the lowest to the highest value with some room, and from zero where that is near.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let room = ((high - low) * 0.1).max(high.abs() * 0.02).max(f64::MIN_POSITIVE);
    let low = if low >= 0.0 && low < high * 0.6 { 0.0 } else { low - room };
    (low, (high + room).max(low + 1e-9))
}

fn text(color: RGBColor) -> TextStyle<'static> {
    ("sans-serif", FONT, FontStyle::Normal).into_font().color(&color)
}

/// 12300 as "12.3k": what fits beside an axis.
pub fn short(value: f64) -> String {
    let (scaled, mark) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "bn"),
        size if size >= 1e6 => (value / 1e6, "m"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    format!("{}{mark}", written((scaled * 100.0).round() / 100.0))
}

/// A number as people read it: "12,300.5".
pub fn written(value: f64) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    let plain = format!("{}", rounded.abs());
    let (whole, rest) =
        plain.split_once('.').map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if rounded < 0.0 { "-" } else { "" };
    rest.map_or_else(|| format!("{sign}{grouped}"), |rest| format!("{sign}{grouped}.{rest}"))
}

/// The picture as the page holds it: it scales, is passed over by who cannot see it, and wears the page's
/// colours and type.
fn finished(picture: &str, (width, height): (u32, u32)) -> String {
    let inner = picture.split_once('>').map_or("", |(_, inner)| inner);
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\" focusable=\"false\">{inner}"
    );
    for (_, drawn, ours) in [ACCENT, WASH, LINE, SOFT, INK] {
        svg = svg.replace(drawn, ours);
    }
    svg.replace(" font-family=\"sans-serif\"", "")
}

fn failed<E: std::error::Error + Send + Sync + 'static>(error: E) -> Error {
    Error::internal(anyhow::anyhow!("a chart cannot be drawn: {error}"))
}
