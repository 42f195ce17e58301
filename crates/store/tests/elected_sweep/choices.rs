//! Where the order of what happens comes from.

/// Where the choices of a run come from.
pub(crate) trait Choices {
    /// One of `0..options`.
    fn choose(&mut self, options: usize) -> usize;
}

/// Every sequence of choices there is, one run after the other.
#[derive(Default)]
pub(crate) struct Everything {
    /// What was chosen, and of how many.
    path: Vec<(usize, usize)>,
    depth: usize,
}

impl Everything {
    /// Whether there is another run.
    pub(crate) fn next_run(&mut self) -> bool {
        self.depth = 0;
        while let Some((chosen, options)) = self.path.pop() {
            if chosen + 1 < options {
                self.path.push((chosen + 1, options));
                return true;
            }
        }
        false
    }
}

impl Choices for Everything {
    fn choose(&mut self, options: usize) -> usize {
        if self.depth == self.path.len() {
            self.path.push((0, options));
        }
        self.depth += 1;
        self.path[self.depth - 1].0
    }
}

/// A sequence that its seed tells (a 64-bit linear congruential generator).
pub(crate) struct Random(pub(crate) u64);

impl Choices for Random {
    fn choose(&mut self, options: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % options
    }
}
