//! The command, from its arguments to its output.

use std::io::{self, BufWriter, Read, Write};

use anyhow::{Result, bail};
use serde::Serialize;
use tollgate_policy::NamedPolicy;

use crate::args::Args;
use crate::input::{Input, is_stdin};
use crate::report::Summary;
use crate::simulate::Simulation;
use crate::tally::Tally;
use crate::timeline::Timeline;
use crate::trace::{self, Trace};
use crate::{decisions, outputs, plot, policy_choice, progress};

/// The streams that the command reads and writes besides files.
pub struct Streams<'a> {
    /// Standard input: read when FILE is `-`.
    pub input: &'a mut dyn Read,
    /// Standard output: the summary and the decisions.
    pub output: &'a mut dyn Write,
    /// Standard error: the summary for people, if decisions go to standard output.
    pub error: &'a mut dyn Write,
}

/// Runs the command on the streams of this process.
///
/// # Errors
/// When something can't be read or written, an argument is wrong, or no line is a request. A reader
/// that stops early, such as `head`, is not an error.
pub fn run(args: Args) -> Result<()> {
    let mut output = BufWriter::new(io::stdout().lock());
    let (mut input, mut error) = (io::stdin().lock(), io::stderr());
    let streams = Streams { input: &mut input, output: &mut output, error: &mut error };
    match run_with(&args, streams) {
        Err(error) if is_broken_pipe(&error) => Ok(()),
        result => result,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind).or_else(|| {
            cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind)
        });
        kind == Some(io::ErrorKind::BrokenPipe)
    })
}

/// Runs the command on the caller's streams. The progress bar still goes to the terminal.
///
/// # Errors
/// Those of [`run`], and every failure to write.
pub fn run_with(args: &Args, streams: Streams<'_>) -> Result<()> {
    outputs::check(args)?;
    let policy = policy_choice::choose(args)?;
    let bar = progress::bar(args);
    let input = Input::open(&args.file, streams.input, &bar)?;
    let (trace, expected) = trace::open(args, input, policy.limits())?;

    let mut replay = Replay::new(args, &policy);
    match &args.decisions {
        Some(path) if is_stdin(path) => replay.run(trace, Some(streams.output))?,
        Some(path) => {
            let mut file = outputs::create(path)?;
            replay.run(trace, Some(&mut *file))?;
            file.flush()?;
        }
        None => replay.run(trace, None)?,
    }
    bar.finish_and_clear();
    replay.expect_requests(expected)?;
    replay.report(streams.output, streams.error)
}

/// A replay and everything counted during it.
struct Replay<'a> {
    args: &'a Args,
    policy: &'a NamedPolicy,
    simulation: Simulation<'a>,
    tally: Tally,
    timeline: Option<Timeline>,
}

impl<'a> Replay<'a> {
    fn new(args: &'a Args, policy: &'a NamedPolicy) -> Self {
        Self {
            args,
            policy,
            simulation: Simulation::new(policy),
            tally: Tally::new(policy.limits()),
            timeline: args.plot.as_ref().map(|_| Timeline::default()),
        }
    }

    fn run(&mut self, trace: Trace<'_>, mut decisions: Option<&mut dyn Write>) -> Result<()> {
        for line in trace {
            let event = match line? {
                Ok(event) => event,
                Err(bad) => {
                    self.tally.add_bad(bad);
                    continue;
                }
            };
            let decision = self.simulation.decide(&event)?;
            self.tally.add(&event, &decision);
            if let Some(timeline) = &mut self.timeline {
                timeline.add(event.time, decision.verdict());
            }
            if let Some(out) = &mut decisions {
                decisions::write(out, self.policy.limits(), &event, &decision)?;
            }
        }
        Ok(())
    }

    /// Fails when no line was a request.
    fn expect_requests(&self, expected: &str) -> Result<()> {
        let (file, tally) = (self.args.file.display(), &self.tally);
        if tally.requests() > 0 {
            return Ok(());
        }
        if tally.bad_lines == 0 {
            bail!("{file} has no requests in it; {expected}");
        }
        let bad_lines = tally.first_bad_lines.iter();
        let reasons: String =
            bad_lines.map(|bad| format!("\nline {}: {}", bad.line, bad.reason)).collect();
        bail!("no line of {file} is a request ({} lines); {expected}{reasons}", tally.bad_lines)
    }

    fn report(self, output: &mut dyn Write, error: &mut dyn Write) -> Result<()> {
        let Self { args, policy, simulation, tally, timeline } = self;
        let file = if is_stdin(&args.file) {
            "standard input".into()
        } else {
            args.file.file_name().unwrap_or_default().to_string_lossy()
        };
        if let (Some(path), Some(timeline)) = (&args.plot, timeline) {
            outputs::write_plot(path, &plot::draw(timeline, &file, policy.name())?)?;
        }
        let summary = Summary::new(&file, policy, tally, &simulation, usize::from(args.top));
        let has_decisions = args.decisions.as_deref().is_some_and(is_stdin);
        match (args.json, has_decisions) {
            (true, true) => write_json(output, &LastLine { summary })?,
            (true, false) => write_json(output, &summary)?,
            (false, true) => write!(error, "{summary}")?,
            (false, false) => write!(output, "{summary}")?,
        }
        output.flush()?;
        Ok(())
    }
}

/// Wraps the summary to tell it apart from the decisions before it.
#[derive(Serialize)]
struct LastLine<'a> {
    summary: Summary<'a>,
}

fn write_json(out: &mut dyn Write, value: &impl Serialize) -> Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream that accepts nothing.
    struct Failing(io::ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_told_apart_from_other_failures() {
        let rows = [(io::ErrorKind::BrokenPipe, true), (io::ErrorKind::StorageFull, false)];
        for (kind, is_pipe) in rows {
            let json = write_json(&mut Failing(kind), &[1]);
            let text = write!(Failing(kind), "text").map_err(anyhow::Error::from);
            for error in [json.err(), text.err()] {
                assert_eq!(error.as_ref().map(is_broken_pipe), Some(is_pipe), "{error:?}");
            }
        }
    }
}
