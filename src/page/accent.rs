//! The organisation's colour, made readable: whatever colour it chose, text in it and on it keeps
//! the contrast of WCAG 2.2 AA (4.5 to 1, and 3 to 1 for shapes), in light and in dark.
//!
//! The stylesheet is a function of the colour alone and is served under the colour's name, so that
//! neither the strict content policy nor the link's token has to bend for it.

/// Red, green and blue, 0 to 255.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Color([f64; 3]);

const WHITE: Color = Color([255.0; 3]);
const BLACK: Color = Color([0.0; 3]);
/// Text on light fills; softer than black.
const INK: Color = Color([16.0, 18.0, 22.0]);
/// `--surface` of portal.css in the dark.
const NIGHT: Color = Color([28.0, 31.0, 38.0]);
/// What text keeps to its ground, a little above the 4.5 that the guideline asks for.
const TEXT: f64 = 4.6;
/// What bars and rings keep to theirs; the guideline asks for 3.
const SHAPE: f64 = 3.1;

/// Name of the stylesheet of `#rrggbb`.
pub fn sheet_name(color: &str) -> String {
    format!("accent-{}.css", color.trim_start_matches('#').to_ascii_lowercase())
}

/// The stylesheet of that name, if it is one.
pub fn sheet(name: &str) -> Option<String> {
    let color = Color::parse(name.strip_prefix("accent-")?.strip_suffix(".css")?)?;
    let (light, dark) = (Scheme::new(color, WHITE, BLACK, 0.09), Scheme::new(color, NIGHT, WHITE, 0.16));
    Some(format!(":root{{{}}}@media (prefers-color-scheme:dark){{:root{{{}}}}}", light.css(), dark.css()))
}

/// White or ink, whichever is readable on `#rrggbb`.
pub fn readable_on(color: &str) -> String {
    let ground = Color::parse(color.trim_start_matches('#')).unwrap_or(BLACK);
    if ground.contrast(WHITE) >= SHAPE { WHITE.hex() } else { INK.hex() }
}

/// The roles a colour plays on one surface.
struct Scheme {
    /// Bars, rings, marks.
    shape: Color,
    /// Text and icons on `shape`.
    on_shape: Color,
    /// Links and other text, on the surface and on `wash`.
    text: Color,
    /// A hint of the colour on the surface.
    wash: Color,
}

impl Scheme {
    /// `away` is what the colour is mixed with to stand out from `surface`.
    fn new(color: Color, surface: Color, away: Color, hint: f64) -> Self {
        let wash = surface.mixed(color, hint);
        let shape = color.standing_out(surface, away, SHAPE);
        let on_shape = if shape.contrast(WHITE) >= TEXT { WHITE } else { INK };
        let shape = shape.standing_out(on_shape, if on_shape == WHITE { BLACK } else { WHITE }, TEXT);
        let text = color.standing_out(wash, away, TEXT).standing_out(surface, away, TEXT);
        Self { shape, on_shape, text, wash }
    }

    fn css(&self) -> String {
        format!(
            "--accent:{};--on-accent:{};--accent-text:{};--accent-wash:{}",
            self.shape.hex(),
            self.on_shape.hex(),
            self.text.hex(),
            self.wash.hex()
        )
    }
}

impl Color {
    fn parse(hex: &str) -> Option<Self> {
        let bytes: [u8; 3] = hex::decode(hex).ok()?.try_into().ok()?;
        Some(Self(bytes.map(f64::from)))
    }

    fn hex(self) -> String {
        self.0.iter().fold("#".to_owned(), |text, channel| format!("{text}{:02x}", channel.round() as u8))
    }

    /// This colour with a share of another, rounded as the stylesheet will say it.
    fn mixed(self, other: Self, share: f64) -> Self {
        let mix = |place: usize| (self.0[place] * (1.0 - share) + other.0[place] * share).round();
        Self([mix(0), mix(1), mix(2)])
    }

    /// This colour, or the nearest mixture towards `away` that has the contrast to `ground`.
    fn standing_out(self, ground: Self, away: Self, contrast: f64) -> Self {
        let steps = (0..=50).map(|step| self.mixed(away, f64::from(step) / 50.0));
        steps.into_iter().find(|color| color.contrast(ground) >= contrast).unwrap_or(away)
    }

    /// WCAG's contrast ratio, 1 to 21.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// WCAG's relative luminance.
    fn luminance(self) -> f64 {
        let linear = |channel: f64| {
            let share = channel / 255.0;
            if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) }
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}
