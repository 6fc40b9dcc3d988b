//! Whether a rule strikes: decided by the seed alone.

/// How often a rule was met, and how often it struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    met: u64,
    pub(super) struck: u64,
}

impl Tally {
    /// Counts one more that the rule means; whether the rule strikes it.
    pub(super) fn meet(
        &mut self,
        seed: u64,
        place: usize,
        probability: f64,
        times: Option<u64>,
    ) -> bool {
        if times.is_some_and(|times| self.struck >= times) {
            return false;
        }
        let strikes = draw(seed, place, self.met) < probability;
        self.met += 1;
        self.struck += u64::from(strikes);
        strikes
    }
}

/// A number from 0 up to 1 for the `met`th that the rule at `place` meets: two rounds of SplitMix64.
fn draw(seed: u64, place: usize, met: u64) -> f64 {
    let place = u64::try_from(place).unwrap_or(u64::MAX);
    let bits = mix(mix(seed ^ place.wrapping_mul(0xD1B5_4A32_D192_ED03)).wrapping_add(met));
    // The upper 53 bits are what a float holds exactly.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_strike_as_often_as_their_probability_says() {
        for (probability, least, most) in
            [(0.0, 0, 0), (0.1, 850, 1_150), (0.5, 4_800, 5_200), (1.0, 10_000, 10_000)]
        {
            for seed in [0, 1, 7] {
                let mut tally = Tally::default();
                for _ in 0..10_000 {
                    tally.meet(seed, 3, probability, None);
                }
                assert!((least..=most).contains(&tally.struck), "{probability}: {tally:?}");
            }
        }
    }
}
