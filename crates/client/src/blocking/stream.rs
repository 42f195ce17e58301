//! A streamed answer.

use std::fmt;
use std::io::Read as _;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use ureq::BodyReader;

use super::transport::{Transport, broken};
use crate::heard::Broken;
use crate::watch::Opened;

/// Most bytes of a piece.
const PIECE_BYTES_MAX: usize = 8 << 10;

/// A streamed answer. The transport limits how long it may be silent.
pub(super) struct Stream {
    transport: Transport,
    body: Option<BodyReader<'static>>,
    piece: Box<[u8; PIECE_BYTES_MAX]>,
}

impl Stream {
    pub(super) fn new(transport: Transport) -> Self {
        Self { transport, body: None, piece: Box::new([0; PIECE_BYTES_MAX]) }
    }

    /// Asks for the stream.
    pub(super) fn open(
        &mut self,
        request: Request<Bytes>,
        timeout: Duration,
    ) -> Result<Opened<()>, Broken> {
        match self.transport.open(request, timeout)? {
            Opened::Stream(body) => self.body = Some(body.into_reader()),
            Opened::Answer(answer) => return Ok(Opened::Answer(answer)),
        }
        Ok(Opened::Stream(()))
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Broken> {
        let Some(body) = &mut self.body else { return Ok(None) };
        let length = body.read(&mut *self.piece).map_err(|error| broken(error.into()));
        let piece = length.map(|length| self.piece.get(..length).filter(|it| !it.is_empty()));
        if !matches!(piece, Ok(Some(_))) {
            self.body = None;
        }
        Ok(piece?.map(Bytes::copy_from_slice))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}
