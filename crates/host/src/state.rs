//! `tollgate state`: what a store holds, for its operator.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use indicatif::{ProgressBar, ProgressStyle};
use tollgate_core::{Policy, Record};
use tollgate_host::clock::SystemClock;
use tollgate_kv::KeyValue;
use tollgate_policy::PolicySet;
use tollgate_service::policy_of;
use tollgate_state::{Decoded, Decoder, Entry, Existing, Restored, check, dump, restore};
use tollgate_store::Clock;

use crate::configuration;
use crate::state_args::{DeleteArgs, DumpArgs, GetArgs, RestoreArgs, SetArgs, StateCommand};
use crate::store_arg::{StoreArg, StoreArgs};

/// Runs the command.
pub(crate) fn run(command: StateCommand) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("the runtime did not start")?.block_on(async {
        match command {
            StateCommand::Dump(args) => run_dump(&args).await,
            StateCommand::Restore(args) => run_restore(&args).await,
            StateCommand::Get(args) => get(&args).await,
            StateCommand::Set(args) => set(&args).await,
            StateCommand::Delete(args) => delete(&args).await,
        }
    })
}

async fn run_dump(args: &DumpArgs) -> anyhow::Result<()> {
    let decoder = decoder(args.policies.as_deref())?;
    let values = open_existing(&args.store).await?;
    let bar = bar(args.quiet, "{spinner} {human_pos} records, {elapsed} so far");
    let progress = |records| bar.set_position(records);
    let records = if is_standard(&args.file) {
        let mut output = BufWriter::new(io::stdout().lock());
        dump(&*values, &decoder, &mut output, progress).await?
    } else {
        let file = File::create_new(&args.file);
        let file = file.with_context(|| format!("{} can't be made", args.file.display()))?;
        dump(&*values, &decoder, &mut BufWriter::new(file), progress).await?
    };
    bar.finish_and_clear();
    tell(format_args!("dumped {records} records"));
    Ok(())
}

async fn run_restore(args: &RestoreArgs) -> anyhow::Result<()> {
    let existing = if args.overwrite { Existing::Overwrite } else { Existing::Refuse };
    let name = args.file.display();
    let mut restored = Restored::default();
    let progress = |so_far| restored = so_far;
    let (values, result) = if is_standard(&args.file) {
        let values = open(&args.store).await?;
        let bar = bar(args.quiet, "{spinner} {bytes}, {elapsed} so far");
        let input = BufReader::new(bar.wrap_read(io::stdin().lock()));
        let result = restore(&*values, input, existing, progress).await;
        bar.finish_and_clear();
        (values, result)
    } else {
        let file = || File::open(&args.file).with_context(|| format!("{name} can't be opened"));
        check(BufReader::new(file()?)).with_context(|| format!("{name}: nothing was restored"))?;
        let values = open(&args.store).await?;
        let bar = bar(args.quiet, "{wide_bar} {bytes} of {total_bytes}, {eta} to go");
        let file = file()?;
        bar.set_length(file.metadata().map_or(0, |data| data.len()));
        let input = BufReader::new(bar.wrap_read(file));
        let result = restore(&*values, input, existing, progress).await;
        bar.finish_and_clear();
        (values, result)
    };
    values.flush().await.context("the store was not flushed")?;
    let Restored { written, unchanged } = restored;
    result.with_context(|| format!("{name}: stopped after {written} records were restored"))?;
    tell(format_args!("restored {written} records, {unchanged} were there already"));
    Ok(())
}

async fn get(args: &GetArgs) -> anyhow::Result<()> {
    let decoder = decoder(args.policies.as_deref())?;
    let values = open_existing(&args.store).await?;
    let key = args.record.record_key();
    let Some(bytes) = values.get(&key).await? else { bail!("there is no record under {key:?}") };
    let decoded = decoder.decode(&key, &bytes);
    let text = serde_json::to_string_pretty(&Entry::new(key, &bytes, decoded))?;
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

async fn set(args: &SetArgs) -> anyhow::Result<()> {
    let decoder = decoder(args.policies.as_deref())?;
    let key = args.record.record_key();
    let bytes = tollgate_state::parse_record(&args.bytes)?;
    if let Some(Decoded::Corrupt { corrupt }) = decoder.decode(&key, &bytes) {
        bail!("record: {corrupt}");
    }
    if policy_of(&key).is_some() {
        // Any policy will do: one without limits keeps those in the record that it does not know.
        Record::decode(&Policy::new([])?, &bytes).context("record")?;
    }
    let values = open(&args.store).await?;
    values.set(&key, bytes).await?;
    values.flush().await.context("the store was not flushed")
}

async fn delete(args: &DeleteArgs) -> anyhow::Result<()> {
    let values = open_existing(&args.store).await?;
    let key = args.record.record_key();
    if values.get(&key).await?.is_none() {
        bail!("there is no record under {key:?}");
    }
    values.delete(&key).await?;
    values.flush().await.context("the store was not flushed")
}

async fn open(store: &StoreArgs) -> anyhow::Result<Arc<dyn KeyValue>> {
    if store.store == StoreArg::Memory {
        bail!("--store memory: it is empty, and gone when this is over; name another store");
    }
    store.open().await
}

/// Opens a store that must exist, so that looking at a store never creates one.
async fn open_existing(store: &StoreArgs) -> anyhow::Result<Arc<dyn KeyValue>> {
    if let StoreArg::Redb(path) = &store.store
        && !path.exists()
    {
        bail!("--store: there is no file {}", path.display());
    }
    open(store).await
}

fn decoder(policies: Option<&Path>) -> anyhow::Result<Decoder> {
    let set = match policies {
        None => PolicySet::default(),
        path => configuration::policies(path)?.read,
    };
    Ok(Decoder::new(set, SystemClock.now()))
}

/// Whether `file` stands for standard input or output.
fn is_standard(file: &Path) -> bool {
    file == Path::new("-")
}

/// Reports on standard error what was done. Failing to report does not undo it, so the error is ignored.
fn tell(done: fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{done}");
}

/// A progress bar on standard error, hidden where that is not a terminal. A template that indicatif
/// rejects costs only the bar's looks.
fn bar(quiet: bool, template: &str) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
