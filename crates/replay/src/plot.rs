//! `--plot`: requests admitted and limited over time, as SVG.

use anyhow::{Result, anyhow};
use plotters::backend::SVGBackend;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::ValueFormatter as _;
use plotters::coord::types::RangedCoordu64;
use plotters::drawing::{DrawingArea, IntoDrawingArea as _};
use plotters::element::{Polygon, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, FontStyle, IntoTextStyle as _, RGBColor, TextStyle, WHITE};

use crate::number_text::{count, percent};
use crate::time_axis::TimeAxis;
use crate::timeline::{Slot, Timeline};

/// Width and height in pixels.
const SIZE: (u32, u32) = (1000, 480);
/// Height of the title and legend above the plot, in pixels.
const HEAD_HEIGHT: i32 = 76;
/// Where text begins, in pixels from the left.
const LEFT: i32 = 24;
/// Upper bound on the average width of a legend character, in pixels.
const LABEL_CHAR_WIDTH: i32 = 7;

// Three of Okabe and Ito's colours, which everyone can tell apart: blue, vermilion and black.
const ADMITTED: RGBColor = RGBColor(0, 114, 178);
const LIMITED: RGBColor = RGBColor(213, 94, 0);
const IMPOSSIBLE: RGBColor = RGBColor(0, 0, 0);
const INK: RGBColor = RGBColor(34, 34, 34);
const FAINT_INK: RGBColor = RGBColor(96, 96, 96);
const GRID: RGBColor = RGBColor(225, 225, 225);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<TimeAxis, RangedCoordu64>>;

/// The plot of a replay of `file` through `policy`.
pub(crate) fn draw(mut timeline: Timeline, file: &str, policy: &str) -> Result<String> {
    timeline.widen_for_plot();
    let mut svg = String::new();
    draw_all(&mut svg, &timeline, &format!("{file} through policy {policy}"))
        .map_err(|error| anyhow!("--plot: {error}"))?;
    Ok(svg)
}

fn draw_all(
    svg: &mut String,
    timeline: &Timeline,
    title: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let (head, body) = root.split_vertically(HEAD_HEIGHT);
    draw_head(&head, timeline.total(), title)?;

    let (first, end) = timeline.range();
    let width = timeline.slot_nanos();
    let axis = TimeAxis::new(first * width, end * width);
    let top = timeline.highest();
    let mut chart = ChartBuilder::on(&body)
        .margin_left(10)
        .margin_right(44)
        .margin_bottom(8)
        .margin_top(4)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(axis.clone(), 0..top + top / 20 + 1)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(WHITE)
        .bold_line_style(GRID)
        .axis_style(FAINT_INK)
        .label_style(text(13, FAINT_INK))
        .axis_desc_style(text(14, INK))
        .x_desc(axis.title())
        .y_desc(format!("requests per {}", timeline.slot_name()))
        .x_label_formatter(&|nanos| axis.format_ext(nanos))
        .y_label_formatter(&|requests| count(*requests))
        .draw()?;
    let limited_top = |slot: Slot| slot.admitted + slot.limited;
    draw_layer(&mut chart, timeline, ADMITTED, |_| 0, |slot| slot.admitted)?;
    draw_layer(&mut chart, timeline, LIMITED, |slot| slot.admitted, limited_top)?;
    draw_layer(&mut chart, timeline, IMPOSSIBLE, limited_top, Slot::requests)?;
    root.present()?;
    Ok(())
}

/// The title, and the legend with the totals under it.
fn draw_head(head: &Area<'_>, total: Slot, title: &str) -> Result<(), Box<dyn std::error::Error>> {
    head.draw(&Text::new(title.to_owned(), (LEFT, 28), text(20, INK)))?;
    let mut entries =
        vec![("admitted", total.admitted, ADMITTED), ("limited", total.limited, LIMITED)];
    if total.impossible > 0 {
        entries.push(("impossible", total.impossible, IMPOSSIBLE));
    }
    let mut left = LEFT;
    for (name, requests, color) in entries {
        let share = percent(requests, total.requests());
        let label = format!("{name} {} ({share})", count(requests));
        head.draw(&Rectangle::new([(left, 49), (left + 14, 63)], color.filled()))?;
        let label_width = LABEL_CHAR_WIDTH * i32::try_from(label.len())?;
        head.draw(&Text::new(label, (left + 22, 56), text(14, INK)))?;
        left += 22 + label_width + 24;
    }
    Ok(())
}

/// Fills the steps between two counts of every slot.
fn draw_layer(
    chart: &mut Chart<'_, '_>,
    timeline: &Timeline,
    color: RGBColor,
    bottom: impl Fn(Slot) -> u64,
    top: impl Fn(Slot) -> u64,
) -> Result<(), Box<dyn std::error::Error>> {
    let (first, end) = timeline.range();
    let width = timeline.slot_nanos();
    // One shape per run of non-empty slots, so that no line is drawn where nothing is. The slot after
    // the last is empty and ends the last run.
    let mut run: Vec<(u64, Slot)> = Vec::new();
    for number in first..=end {
        let slot = timeline.slot(number);
        if top(slot) > bottom(slot) {
            run.push((number * width, slot));
            continue;
        }
        let steps = |height: &dyn Fn(Slot) -> u64| -> Vec<(u64, u64)> {
            let ends = |(start, slot): &(u64, Slot)| {
                [(*start, height(*slot)), (*start + width, height(*slot))]
            };
            run.iter().flat_map(ends).collect()
        };
        let mut outline = steps(&top);
        outline.extend(steps(&bottom).into_iter().rev());
        if !outline.is_empty() {
            chart.draw_series([Polygon::new(outline, color.filled())])?;
        }
        run.clear();
    }
    Ok(())
}

/// Text to the right of its point, vertically centred on it.
fn text(size: i32, color: RGBColor) -> TextStyle<'static> {
    let font = ("sans-serif", size, FontStyle::Normal);
    font.with_color(color).into_text_style(&SIZE).pos(Pos::new(HPos::Left, VPos::Center))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use tollgate_core::{Timestamp, Verdict};

    /// The attribute of this name in every element of this kind.
    fn attributes<'a>(svg: &'a str, element: &str, name: &str) -> Vec<&'a str> {
        let (tag, start) = (format!("<{element} "), format!(" {name}=\""));
        let value = |rest: &'a str| rest.split_once(&start).unwrap().1.split('"').next().unwrap();
        svg.split(&tag).skip(1).map(value).collect()
    }

    /// Left, right, top and bottom of a polygon, in pixels.
    fn extent(points: &str) -> [i32; 4] {
        let points: Vec<(i32, i32)> = points
            .split_whitespace()
            .map(|point| point.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        let (x, y) = (points.iter().map(|p| p.0), points.iter().map(|p| p.1));
        [x.clone().min().unwrap(), x.max().unwrap(), y.clone().min().unwrap(), y.max().unwrap()]
    }

    #[test]
    fn layers_stand_on_each_other_and_nothing_is_drawn_where_nothing_was() {
        let mut timeline = Timeline::default();
        for (millis, verdict) in [
            (1_000, Verdict::Allowed),
            (1_000, Verdict::Allowed),
            (1_000, Verdict::Limited),
            (1_003, Verdict::Allowed),
            (1_003, Verdict::Impossible),
        ] {
            timeline.add(Timestamp::from_nanos(millis * 1_000_000), verdict);
        }
        let svg = draw(timeline, "f", "p").unwrap();
        assert_eq!(
            attributes(&svg, "polygon", "fill"),
            ["#0072B2", "#0072B2", "#D55E00", "#000000"],
            "two admitted, one limited and one impossible"
        );
        let shapes = attributes(&svg, "polygon", "points");
        let [first, last, limited, impossible] = [0, 1, 2, 3].map(|index| extent(shapes[index]));
        assert_eq!(first[..2], limited[..2], "the first slot");
        assert_eq!(last[..2], impossible[..2], "the last slot");
        let slot_width = first[1] - first[0];
        assert!((last[0] - first[1] - 2 * slot_width).abs() <= 2, "two empty slots between");
        assert_eq!((limited[3], impossible[3]), (first[2], last[2]), "each stands on the other");
        assert_eq!(first[3], last[3], "on the axis");
        let unit = last[3] - last[2];
        assert!((first[3] - first[2] - 2 * unit).abs() <= 1, "two are twice as high as one");
    }
}
