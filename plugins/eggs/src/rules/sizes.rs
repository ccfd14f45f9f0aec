//! Bounds: of a number's value, or of a text's length, by what else is said of it.

use super::Rule;

/// Greatest whole number that every side of the contract keeps exactly.
pub(crate) const EXACT: f64 = 9_007_199_254_740_991.0;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Sizes {
    pub(crate) least: Option<f64>,
    pub(crate) most: Option<f64>,
    /// The bounds themselves do not belong to it.
    pub(crate) above: Option<f64>,
    pub(crate) below: Option<f64>,
    /// Fewest and most decimal digits.
    pub(crate) digits: Option<(u32, u32)>,
}

impl Sizes {
    /// Takes what is said of sizes out of the rules.
    pub(crate) fn take(rules: &mut Vec<Rule>) -> Self {
        let mut sizes = Self::default();
        rules.retain(|rule| !sizes.read(rule));
        sizes
    }

    fn read(&mut self, rule: &Rule) -> bool {
        let numbers = rule.numbers().unwrap_or_default();
        let digits = |number: f64| (1.0..=1_000.0).contains(&number).then_some(number as u32);
        match (rule.name.as_str(), numbers.as_slice()) {
            ("min" | "gte", [least]) => self.at_least(*least),
            ("max" | "lte", [most]) => self.at_most(*most),
            ("between", [least, most]) => {
                self.at_least(*least);
                self.at_most(*most);
            }
            ("size", [size]) => {
                self.at_least(*size);
                self.at_most(*size);
            }
            ("gt", [above]) => self.above = Some(*above),
            ("lt", [below]) => self.below = Some(*below),
            ("digits", [count]) => match digits(*count) {
                Some(count) => self.digits = Some((count, count)),
                None => return false,
            },
            ("digits_between", [least, most]) => match (digits(least.max(1.0)), digits(*most)) {
                (Some(least), Some(most)) => self.digits = Some((least, most)),
                _ => return false,
            },
            _ => return false,
        }
        true
    }

    /// Whether they allow this value: as a number, or by its length.
    pub(crate) fn take_text(&self, value: &str, numeric: bool) -> bool {
        let size = if numeric { value.parse().unwrap_or(f64::NAN) } else { value.chars().count() as f64 };
        let digits = |(least, most): (u32, u32)| {
            let count = u32::try_from(value.len()).unwrap_or(u32::MAX);
            value.bytes().all(|byte| byte.is_ascii_digit()) && (least..=most).contains(&count)
        };
        self.least.is_none_or(|least| size >= least)
            && self.most.is_none_or(|most| size <= most)
            && self.above.is_none_or(|above| size > above)
            && self.below.is_none_or(|below| size < below)
            && self.digits.is_none_or(digits)
    }

    fn at_least(&mut self, least: f64) {
        self.least = Some(self.least.map_or(least, |there| there.max(least)));
    }
    fn at_most(&mut self, most: f64) {
        self.most = Some(self.most.map_or(most, |there| there.min(most)));
    }

    /// For whole numbers every bound is one that belongs to it.
    pub(crate) fn whole(mut self) -> Self {
        if let Some(above) = self.above.take() {
            self.at_least(above.floor() + 1.0);
        }
        if let Some(below) = self.below.take() {
            self.at_most(below.ceil() - 1.0);
        }
        self.least = self.least.map(f64::ceil);
        self.most = self.most.map(f64::floor);
        if let Some((least, most)) = self.digits.filter(|(_, most)| *most <= 15) {
            self.digits = None;
            self.at_least(if least <= 1 { 0.0 } else { 10_f64.powi(least as i32 - 1) });
            self.at_most(10_f64.powi(most as i32) - 1.0);
        }
        self
    }
}
