//! Server-sent events, as WHATWG's HTML describes them, out of pieces that break anywhere.

#[cfg(test)]
mod tests;

use bytes::BytesMut;

/// Most bytes of one line, and of the data of one event. The longest event of a service is a tenth of that.
pub(super) const EVENT_BYTES_MAX: usize = 64 << 10;

/// A line or an event is longer than [`EVENT_BYTES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLong;

/// What stands between two empty lines.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Block {
    /// Where the stream is, if it says so.
    pub(super) id: Option<String>,
    pub(super) event: String,
    /// Lines with a line break between them.
    pub(super) data: String,
    pub(super) retry_ms: Option<u64>,
}

/// What was received and not taken yet.
#[derive(Debug, Default)]
pub(super) struct Events {
    buffer: BytesMut,
    /// No line ends before that.
    searched: usize,
    /// The last line ended with a carriage return: a line feed right after it belongs to that.
    skips_line_feed: bool,
    block: Block,
    /// Whether the block has a line.
    is_begun: bool,
}

impl Events {
    /// A piece arrived.
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.buffer.extend_from_slice(piece);
    }

    /// The next block that is complete.
    pub(super) fn next(&mut self) -> Result<Option<Block>, TooLong> {
        while let Some(line) = self.line()? {
            if !line.is_empty() {
                self.is_begun = true;
                self.field(&String::from_utf8_lossy(&line))?;
            } else if std::mem::take(&mut self.is_begun) {
                return Ok(Some(std::mem::take(&mut self.block)));
            }
        }
        Ok(None)
    }

    /// The next line, without its end.
    fn line(&mut self) -> Result<Option<BytesMut>, TooLong> {
        if self.skips_line_feed && !self.buffer.is_empty() {
            self.skips_line_feed = false;
            if self.buffer.first() == Some(&b'\n') {
                drop(self.buffer.split_to(1));
            }
        }
        let rest = self.buffer.iter().skip(self.searched);
        let end = rest.take_while(|byte| !matches!(byte, b'\n' | b'\r')).count() + self.searched;
        if end > EVENT_BYTES_MAX {
            return Err(TooLong);
        }
        if end == self.buffer.len() {
            self.searched = end;
            return Ok(None);
        }
        self.searched = 0;
        let line = self.buffer.split_to(end);
        self.skips_line_feed = self.buffer.split_to(1).first() == Some(&b'\r');
        Ok(Some(line))
    }

    /// A comment is a field without a name, which nobody knows either.
    fn field(&mut self, line: &str) -> Result<(), TooLong> {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        let block = &mut self.block;
        match name {
            "event" => value.clone_into(&mut block.event),
            "id" => block.id = Some(value.to_owned()),
            "retry" => block.retry_ms = value.parse().ok().or(block.retry_ms),
            "data" if block.data.len() + value.len() > EVENT_BYTES_MAX => return Err(TooLong),
            "data" if block.data.is_empty() => value.clone_into(&mut block.data),
            "data" => block.data.extend(["\n", value]),
            _ => {}
        }
        Ok(())
    }
}
