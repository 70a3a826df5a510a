//! Chance that can be repeated: xorshift, from a seed that is printed. The fuzz tests take this file by path.

/// What is drawn next depends on the seed alone, which must not be zero.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// Draws a number below a limit; zero where there is none.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit.max(1)
    }
}
