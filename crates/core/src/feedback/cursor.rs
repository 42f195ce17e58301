//! Reading a field value from its front.
//!
//! The formats are made of a hundred of these readings, which are therefore not inlined: in a WebAssembly
//! component size counts for more here than speed.

/// The unread rest of a value. A failed read returns `None`, and the value is malformed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Nothing more must follow.
    pub(super) fn end(&self) -> Option<()> {
        self.is_empty().then_some(())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Reads exactly this text.
    #[inline(never)]
    pub(super) fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text.as_bytes())?;
        Some(())
    }

    /// Reads one of these texts, and says which.
    #[inline(never)]
    pub(super) fn one_of(&mut self, texts: &[&str]) -> Option<usize> {
        texts.iter().position(|text| self.literal(text).is_some())
    }

    /// Reads one byte that `accept` takes.
    #[inline(never)]
    pub(super) fn one(&mut self, accept: fn(u8) -> bool) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        accept(*first).then(|| self.rest = rest)?;
        Some(*first)
    }

    /// Reads as many bytes as `accept` takes, maybe none.
    #[inline(never)]
    pub(super) fn all(&mut self, accept: fn(u8) -> bool) -> &'a [u8] {
        let count = self.rest.iter().take_while(|byte| accept(**byte)).count();
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    /// Reads one decimal digit.
    pub(super) fn digit(&mut self) -> Option<u8> {
        self.one(|byte| byte.is_ascii_digit()).map(|digit| digit.wrapping_sub(b'0'))
    }

    /// Reads a number of exactly two digits.
    #[inline(never)]
    pub(super) fn two_digits(&mut self) -> Option<u8> {
        Some(self.digit()?.saturating_mul(10).saturating_add(self.digit()?))
    }
}
