#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;

/// All blocks of a text that arrives in these pieces.
fn blocks<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Block>, TooLong> {
    let (mut events, mut blocks) = (Events::default(), Vec::new());
    for piece in pieces {
        events.push(piece);
        while let Some(block) = events.next()? {
            blocks.push(block);
        }
    }
    Ok(blocks)
}

fn all(text: &str) -> Vec<Block> {
    blocks([text.as_bytes()]).unwrap()
}

fn block(id: Option<&str>, event: &str, data: &str) -> Block {
    Block { id: id.map(str::to_owned), event: event.into(), data: data.into(), retry_ms: None }
}

/// Fields in any order, comments, names that nobody knows, and blanks.
#[test]
fn what_a_block_says() {
    let text = "retry: 1500\nid: 7-9\n\n:\nid: 8\n\ndata:{\"a\": 1}\nevent:  x\nother: y\nid\n\n";
    let greeting = Block { retry_ms: Some(1_500), ..block(Some("7-9"), "", "") };
    let told = block(Some(""), " x", "{\"a\": 1}");
    assert_eq!(all(text), [greeting, block(Some("8"), "", ""), told]);
    assert_eq!(all("data: a\ndata\ndata: b\n\n")[0].data, "a\n\nb");
    assert_eq!(all("retry: soon\n\n")[0].retry_ms, None);
    assert_eq!(all("\n\n\n:\n\n").len(), 1, "a comment is a sign of life");
}

/// What is not ended by an empty line has not arrived.
#[test]
fn a_block_that_is_cut_off_says_nothing() {
    for text in ["id: 1", "id: 1\n", "id: 1\ndata: x\n", ""] {
        assert_eq!(all(text), []);
    }
    assert_eq!(all("id: 1\n\nid: 2\n"), [block(Some("1"), "", "")]);
}

/// A line and an event are as long as they may be, and not longer.
#[test]
fn lengths_are_bounded() {
    let long = |length: usize| [b"data:", &*vec![b'x'; length - 5]].concat();
    let of = |text: &[u8]| blocks([text, b"\n\n"]).map(|blocks| blocks.len());
    assert_eq!(of(&long(EVENT_BYTES_MAX)), Ok(1));
    assert_eq!(of(&long(EVENT_BYTES_MAX + 1)), Err(TooLong));
    let endless = vec![b'x'; EVENT_BYTES_MAX + 1];
    assert_eq!(blocks([&*endless]), Err(TooLong), "its end is not waited for");
    let line = [long(1_005), b"\n".to_vec()].concat();
    assert_eq!(of(&line.repeat(65)), Ok(1));
    assert_eq!(of(&line.repeat(66)), Err(TooLong), "of many lines, too");
}

proptest! {
    /// However a text is broken into pieces, and whatever ends its lines, it says the same.
    #[test]
    fn pieces_break_anywhere(
        lines in prop::collection::vec("(|(id|data|event|:)(: ?[a-zä ]{0,4})?)", 0..12),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        cuts in prop::collection::vec(0_usize..80, 0..6),
    ) {
        let text = |end: &str| -> String { lines.iter().flat_map(|line| [line, end]).collect() };
        let (plain, text) = (text("\n"), text(end));
        let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|ends| &text.as_bytes()[ends[0]..ends[1]]);
        prop_assert_eq!(blocks(pieces), blocks([plain.as_bytes()]));
    }

    /// Any bytes are read to their end.
    #[test]
    fn any_bytes_are_read(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..9)) {
        let _ = blocks(pieces.iter().map(|piece| &**piece));
    }
}
