//! When to stop fighting: a program that does the same damage after each heal is another guard, or a
//! fault, and two that write in turn would restart a gateway for ever.
//!
//! Heals are paid out of a budget that refills with time, so damage now and then is healed at once,
//! always. When it is empty, the time to the next heal doubles from one to the next; the fight is over
//! when the author has been quiet for longer than that.
//!
//! This module never looks at a clock, nor draws a random number.

use std::time::Duration;

/// Heals that are made without waiting.
const HEALS: u32 = 20;
/// How long it takes for one of them to come back.
const REFILL: Duration = Duration::from_millis(500);
/// The first wait of a fight; it doubles.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// Damage of this age is no part of a fight.
const PEACE: Duration = Duration::from_secs(30);

/// Whether an author and we write against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No.
    Calm,
    /// Since the time given.
    Contested {
        /// When the budget was used up.
        since: Duration,
    },
}

/// What is left to spend on the damage of one file. Times are since some fixed moment.
#[derive(Clone, Debug)]
pub struct Budget {
    /// Heals left.
    left: u32,
    /// When the last of them came back.
    refilled: Duration,
    /// When damage was last healed.
    healed: Option<Duration>,
    /// The fight, and how long it is waited now.
    fight: Option<(Duration, Duration)>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: HEALS, refilled: Duration::ZERO, healed: None, fight: None }
    }
}

impl Budget {
    /// Damage was healed at `now`. `jitter`, between 0 and 1, spreads the next try over half of its
    /// wait, so that two guards do not meet again and again.
    pub fn spend(&mut self, now: Duration, jitter: f64) {
        self.refill(now);
        self.healed = Some(now);
        if let Some((_, wait)) = &mut self.fight {
            *wait = (*wait * 2).min(LONGEST_WAIT).mul_f64(spread(jitter));
            return;
        }
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.fight = Some((now, FIRST_WAIT.mul_f64(spread(jitter))));
        }
    }

    /// How many heals it took to use it up.
    #[must_use]
    pub fn spent(&self) -> u64 {
        u64::from(HEALS - self.left)
    }

    /// The earliest time for the next heal.
    #[must_use]
    pub fn next(&self) -> Duration {
        match (self.fight, self.healed) {
            (Some((_, wait)), Some(healed)) => healed + wait,
            _ => Duration::ZERO,
        }
    }

    /// Whether there is a fight at `now`. Peace gives everything back.
    pub fn standing(&mut self, now: Duration) -> Standing {
        let Some((since, _)) = self.fight else { return Standing::Calm };
        if now >= self.peace() {
            *self = Self { refilled: now, ..Self::default() };
            return Standing::Calm;
        }
        Standing::Contested { since }
    }

    /// When a fight is over, if nothing more is healed.
    #[must_use]
    pub fn peace(&self) -> Duration {
        let (Some((_, wait)), Some(healed)) = (self.fight, self.healed) else {
            return Duration::ZERO;
        };
        healed + PEACE.max(wait * 2)
    }

    fn refill(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.refilled);
        let back = u32::try_from(passed.as_millis() / REFILL.as_millis()).unwrap_or(u32::MAX);
        if back > 0 {
            self.left = self.left.saturating_add(back).min(HEALS);
            self.refilled = now;
        }
    }
}

/// A factor between 0.75 and 1.25.
fn spread(jitter: f64) -> f64 {
    0.75 + jitter.clamp(0.0, 1.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Plays an author that does damage `answer` after each heal, for `long`, and gives the times of
    /// the heals.
    fn fight(answer: Duration, long: Duration, jitter: f64) -> (Budget, Vec<Duration>) {
        let mut budget = Budget::default();
        let (mut now, mut heals) = (Duration::ZERO, Vec::new());
        while now < long {
            now = now.max(budget.next());
            budget.standing(now);
            budget.spend(now, jitter);
            heals.push(now);
            now += answer;
        }
        (budget, heals)
    }

    #[test]
    fn damage_now_and_then_is_always_healed_at_once() {
        for every in [700, 1_500, 60_000] {
            let (mut budget, heals) = fight(ms(every), ms(every * 300), 0.5);
            assert_eq!(heals.len(), 300, "each {every} ms");
            assert_eq!(budget.standing(ms(every * 300)), Standing::Calm);
        }
    }

    #[test]
    fn an_author_that_answers_each_heal_is_given_up_on_in_steps() {
        let (mut budget, heals) = fight(ms(50), Duration::from_hours(1), 0.5);
        assert!((20..100).contains(&heals.len()), "{} heals in an hour", heals.len());
        assert!(matches!(budget.standing(*heals.last().unwrap()), Standing::Contested { .. }));
        let gaps: Vec<Duration> =
            heals.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect();
        assert!(*gaps.last().unwrap() >= ms(59_000), "{gaps:?}");
        assert!(gaps.windows(2).skip(25).all(|pair| pair[0] <= pair[1]), "{gaps:?}");
    }

    #[test]
    fn jitter_spreads_the_tries() {
        let (_, early) = fight(ms(50), Duration::from_mins(5), 0.0);
        let (_, late) = fight(ms(50), Duration::from_mins(5), 1.0);
        assert!(early.len() > late.len(), "{} and {}", early.len(), late.len());
    }

    #[test]
    fn a_fight_is_over_when_its_author_is_quiet() {
        let (mut budget, heals) = fight(ms(50), ms(8_000), 0.5);
        let last = *heals.last().unwrap();
        let over = budget.peace();
        assert!(over >= last + PEACE, "{over:?}");
        assert!(matches!(budget.standing(over.saturating_sub(ms(1))), Standing::Contested { .. }));
        assert_eq!(budget.standing(over), Standing::Calm);
        assert_eq!(budget.next(), Duration::ZERO);
        // With its whole budget again.
        for heal in 0..19 {
            budget.spend(over + ms(heal), 0.5);
            assert_eq!(budget.standing(over + ms(heal)), Standing::Calm, "heal {heal}");
        }
    }
}
