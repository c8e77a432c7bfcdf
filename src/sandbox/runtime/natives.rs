//! This module has the Rust functions of a snippet's context: calls of the host, random numbers, digests, and the end
//! of a run. Invariant: a snippet reaches none of them by name except through [`crate::sandbox::runtime::lazies`].

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use boa_engine::builtins::promise::ResolvingFunctions;
use boa_engine::object::builtins::{JsFunction, JsPromise};
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::Attribute;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Source, js_string};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::sandbox::Arguments;
use crate::sandbox::protocol::{FromRun, Task};
use crate::sandbox::runtime::jobs::SnippetTime;
use crate::sandbox::runtime::lazies::Lazies;
use crate::sandbox::runtime::{Port, Settled, codecs, lazies};

const PRELUDE: &str = include_str!("../js/prelude.js");
/// A console line counts this many bytes even when it is empty.
const LOG_ENTRY_BYTES: usize = 64;
const MOST_LOG_BYTES: usize = 256 * 1024;
const MOST_CALL_BYTES: usize = 10 * 1024 * 1024;
/// A run has this many calls under way; more wait here until one is answered.
const MOST_CALLS: usize = 64;
const MOST_RANDOM_BYTES: usize = 1024 * 1024;

/// The state that native functions and the run's loop share.
pub(super) struct Shared {
    port: RefCell<Box<dyn Port>>,
    time: Rc<SnippetTime>,
    arguments: RefCell<Arguments>,
    chance: RefCell<Chance>,
    waiting: RefCell<HashMap<u64, ResolvingFunctions>>,
    held_back: RefCell<VecDeque<FromRun>>,
    next_call: Cell<u64>,
    log_bytes: Cell<usize>,
    settled: RefCell<Option<Settled>>,
    stringify: RefCell<Option<JsFunction>>,
    pub(super) lazies: Lazies,
}

impl Shared {
    pub(super) fn new(port: Box<dyn Port>, time: Rc<SnippetTime>) -> Self {
        Self {
            port: RefCell::new(port),
            time,
            arguments: RefCell::default(),
            chance: RefCell::default(),
            waiting: RefCell::default(),
            held_back: RefCell::default(),
            next_call: Cell::new(0),
            log_bytes: Cell::new(0),
            settled: RefCell::default(),
            stringify: RefCell::default(),
            lazies: Lazies::default(),
        }
    }

    pub(super) fn start(&self, task: &Task) {
        self.arguments.borrow_mut().clone_from(&task.arguments);
        *self.chance.borrow_mut() = Chance::new(&task.seed);
    }

    /// Returns the arguments of the run's handler, and leaves empty ones.
    pub(super) fn take_arguments(&self) -> Arguments {
        self.arguments.take()
    }

    pub(super) fn settled(&self) -> Option<Settled> {
        self.settled.borrow_mut().take()
    }

    /// Returns whether the snippet waits for an answer of the host.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Waits for an answer of the host and settles its promise.
    pub(super) fn take_answer(&self, wait: Duration, context: &mut Context) -> JsResult<()> {
        if !self.waits() && wait.is_zero() {
            return Ok(());
        }
        let answer = self.port.borrow_mut().answer(wait).map_err(|_| host_gone())?;
        let Some((id, answer)) = answer else { return Ok(()) };
        // An answer that nobody waits for belongs to an earlier run.
        let Some(resolvers) = self.waiting.borrow_mut().remove(&id) else { return Ok(()) };
        if let Some(next) = self.held_back.borrow_mut().pop_front() {
            self.send(next)?;
        }
        let answer = JsString::from(answer.get());
        resolvers.resolve.call(&JsValue::undefined(), &[answer.into()], context)?;
        Ok(())
    }

    /// Returns whether nobody waits for the run any more.
    pub(super) fn host_left(&self) -> bool {
        self.port.borrow().host_left()
    }

    fn send(&self, message: FromRun) -> JsResult<()> {
        self.port.borrow_mut().send(message).map_err(|_| host_gone())
    }
}

pub(super) fn host_gone() -> boa_engine::JsError {
    JsNativeError::error().with_message("the host is gone").into()
}

/// A source of random bytes that derive from a seed: the SHA-256 of seed and counter.
#[derive(Default)]
struct Chance {
    seed: Vec<u8>,
    counter: u64,
    left: Vec<u8>,
}

impl Chance {
    fn new(seed: &str) -> Self {
        Self { seed: seed.as_bytes().to_vec(), ..Self::default() }
    }

    fn byte(&mut self) -> u8 {
        if let Some(byte) = self.left.pop() {
            return byte;
        }
        self.counter += 1;
        self.left = Sha256::new().chain_update(&self.seed).chain_update(self.counter.to_le_bytes()).finalize().to_vec();
        self.left.pop().unwrap_or_default()
    }

    /// Returns a number that is at least 0 and less than 1, with 53 random bits.
    fn number(&mut self) -> f64 {
        let bits = (0..7).fold(0_u64, |bits, _| bits << 8 | u64::from(self.byte())) >> 3;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let number = bits as f64 / 9_007_199_254_740_992.0;
        number
    }
}

pub(super) type Native = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

/// Makes a function that snippets may see.
pub(super) fn function(context: &Context, name: &str, length: usize, native: Native) -> JsFunction {
    built(context, NativeFunction::from_fn_ptr(native), name, length)
}

/// Makes a function with captures that snippets may see.
pub(super) fn built(context: &Context, native: NativeFunction, name: &str, length: usize) -> JsFunction {
    FunctionObjectBuilder::new(context.realm(), native)
        .name(JsString::from(name))
        .length(length)
        .constructor(false)
        .build()
}

/// Puts the globals into a fresh context, and the function that runs a snippet.
pub(super) fn register(context: &mut Context, shared: &Rc<Shared>) -> JsResult<()> {
    use boa_runtime::extensions::{
        EncodingExtension, MicrotaskExtension, StructuredCloneExtension, TimeoutExtension, UrlExtension,
    };
    let extensions = (TimeoutExtension, EncodingExtension, MicrotaskExtension, StructuredCloneExtension, UrlExtension);
    boa_runtime::register_extensions(extensions, None, context)?;
    context.insert_data(Rc::clone(shared));
    let json = context.global_object().get(js_string!("JSON"), context)?;
    let stringify = json.as_object().map(|json| json.get(js_string!("stringify"), context)).transpose()?;
    let stringify = stringify.and_then(|stringify| stringify.as_object()).and_then(JsFunction::from_object);
    *shared.stringify.borrow_mut() = Some(stringify.ok_or_else(host_gone)?);
    lazies::install(context, shared)?;
    let prelude = context.eval(Source::from_bytes(PRELUDE))?;
    let parts = [("begin", 1, begin as Native), ("finish", 1, finish), ("thrown", 1, thrown)];
    let parts = parts.map(|(name, length, native)| function(context, name, length, native).into());
    let run = prelude.as_callable().ok_or_else(host_gone)?.call(&JsValue::undefined(), &parts, context)?;
    context.register_global_property(js_string!("runSnippet"), run, Attribute::CONFIGURABLE)
}

pub(super) fn shared_of(context: &Context) -> JsResult<Rc<Shared>> {
    context.get_data::<Rc<Shared>>().cloned().ok_or_else(host_gone)
}

pub(super) fn text_of(arguments: &[JsValue], index: usize, context: &mut Context) -> JsResult<String> {
    let value = arguments.get(index).cloned().unwrap_or_default();
    Ok(value.to_string(context)?.to_std_string_lossy())
}

/// Implements `native.call(operation, json)`, which returns a promise of the answer's JSON, `{value}` or `{error}`.
pub(super) fn call(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let operation = text_of(arguments, 0, context)?;
    let text = text_of(arguments, 1, context)?;
    if text.len() > MOST_CALL_BYTES {
        let why = format!("a call may carry {MOST_CALL_BYTES} bytes; this one has {}", text.len());
        return Err(JsNativeError::range().with_message(why).into());
    }
    let arguments = RawValue::from_string(mended(text))
        .map_err(|error| JsNativeError::typ().with_message(format!("the call is no JSON: {error}")))?;
    let shared = shared_of(context)?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let id = shared.next_call.get() + 1;
    shared.next_call.set(id);
    let message = FromRun::Call { id, operation, arguments };
    let under_way = shared.waiting.borrow().len();
    shared.waiting.borrow_mut().insert(id, resolvers);
    if under_way < MOST_CALLS {
        shared.send(message)?;
    } else {
        shared.held_back.borrow_mut().push_back(message);
    }
    Ok(promise.into())
}

/// Returns JSON with U+FFFD in place of each half of a surrogate pair, because `JSON.stringify` escapes them
/// and Rust's text cannot hold them.
pub(super) fn mended(text: String) -> String {
    if !text.contains("\\ud") {
        return text;
    }
    let mut mended = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        mended.push_str(before);
        let is_half = escape.starts_with("\\ud") && escape.as_bytes().get(3).is_some_and(|digit| *digit >= b'8');
        // The length covers the backslash and what follows it, so that an escaped backslash is skipped whole.
        let length = if is_half { 6 } else { 1 + escape.chars().nth(1).map_or(0, char::len_utf8) };
        mended.push_str(if is_half { "\u{fffd}" } else { escape.get(..length).unwrap_or(escape) });
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// Implements `native.log(level, message)`, which sends a console line to the host until the run has written too much.
pub(super) fn log(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let full = shared.log_bytes.get();
    if full < MOST_LOG_BYTES {
        let level = text_of(arguments, 0, context)?;
        let mut message = text_of(arguments, 1, context)?;
        let room = MOST_LOG_BYTES.saturating_sub(full + LOG_ENTRY_BYTES + level.len());
        if message.len() > room {
            message.truncate(message.floor_char_boundary(room));
            let _ = write!(message, "… (no more than {MOST_LOG_BYTES} bytes of console output are kept)");
            shared.log_bytes.set(MOST_LOG_BYTES);
        } else {
            shared.log_bytes.set(full + LOG_ENTRY_BYTES + level.len() + message.len());
        }
        shared.send(FromRun::Log { level, message })?;
    }
    Ok(JsValue::undefined())
}

/// Implements `begin(module)`, which returns `{handler, args}`: the exported function and its argument.
fn begin(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let module = arguments.first().and_then(JsValue::as_object).ok_or_else(host_gone)?;
    let exports = module.get(js_string!("exports"), context)?;
    let handler = match exports.as_object() {
        Some(object) if !object.is_callable() => object.get(js_string!("default"), context)?,
        _ => exports,
    };
    if !handler.is_callable() {
        return Err(JsNativeError::error().with_message(NO_FUNCTION).into());
    }
    let args = lazies::arguments(context)?;
    let pair = JsObject::with_object_proto(context.intrinsics());
    pair.create_data_property(js_string!("handler"), handler, context)?;
    pair.create_data_property(js_string!("args"), args, context)?;
    Ok(pair.into())
}

/// A cause of a cause is followed this far.
const MOST_CAUSES: usize = 5;

const NO_FUNCTION: &str = "the code exports no function; write \
                           `module.exports = ({ input, membrane, connection, integration }) => …`";

/// Implements `finish(value)`, which ends the run; only the first end counts. The text is exactly that of
/// `JSON.stringify`.
fn finish(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let text = stringified(arguments.first(), &shared, context)?.unwrap_or_default();
    shared.settled.borrow_mut().get_or_insert(Settled::Output(text));
    Ok(JsValue::undefined())
}

fn stringified(value: Option<&JsValue>, shared: &Shared, context: &mut Context) -> JsResult<Option<String>> {
    let stringify = shared.stringify.borrow().clone().ok_or_else(host_gone)?;
    let value = value.cloned().unwrap_or_default();
    let text = stringify.call(&JsValue::undefined(), &[value], context)?;
    Ok(text.as_string().map(|text| text.to_std_string_lossy()))
}

/// Implements `thrown(error)`, which ends the run with what the snippet threw.
fn thrown(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let thrown = described(&arguments.first().cloned().unwrap_or_default(), &shared, context);
    shared.settled.borrow_mut().get_or_insert(thrown);
    Ok(JsValue::undefined())
}

/// Returns message, stack and cause of a thrown value. Reading them may run the snippet's own getters and proxies;
/// whatever those do, a message is returned.
pub(super) fn described(error: &JsValue, shared: &Shared, context: &mut Context) -> Settled {
    let read = |name: JsString, context: &mut Context| -> Option<String> {
        let value = error.as_object()?.get(name, context).ok()?;
        if value.is_undefined() { None } else { Some(value.to_string(context).ok()?.to_std_string_lossy()) }
    };
    let message = match read(js_string!("message"), context) {
        Some(message) => match read(js_string!("name"), context) {
            Some(name) if !name.is_empty() && name != "Error" => Some(format!("{name}: {message}")),
            _ => Some(message),
        },
        None if error.is_object() => stringified(Some(error), shared, context).ok().flatten(),
        None => Some(error.display().to_string().trim_matches('"').to_owned()),
    };
    let message = message.unwrap_or_else(|| "the code threw a value that cannot be shown".into());
    let stack = read(js_string!("stack"), context).unwrap_or_default();
    let cause = host_error(error, MOST_CAUSES, context);
    let cause = cause.and_then(|cause| stringified(Some(&cause), shared, context).ok().flatten()).unwrap_or_default();
    Settled::Thrown { message, stack, cause: mended(cause) }
}

/// Returns the record of a failed call of the host, when this error, its cause or one of its errors comes from one.
fn host_error(error: &JsValue, depth: usize, context: &mut Context) -> Option<JsValue> {
    let depth = depth.checked_sub(1)?;
    let error = error.as_object()?;
    let record = error.get(js_string!("hostError"), context).ok()?;
    if record.is_object() {
        return Some(record);
    }
    let cause = error.get(js_string!("cause"), context).ok()?;
    host_error(&cause, depth, context).or_else(|| {
        let errors = error.get(js_string!("errors"), context).ok()?.as_object()?;
        (0..depth).find_map(|index| host_error(&errors.get(index, context).ok()?, depth, context))
    })
}

/// Implements `native.frames()`, which returns the current place in the snippet as the lines of a stack.
pub(super) fn frames(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    shared_of(context)?;
    Ok(JsString::from(crate::sandbox::runtime::place::here(context).as_str()).into())
}

/// Implements `native.random(n)`, which returns n random bytes as a `Uint8Array`.
pub(super) fn random(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let count = arguments.first().cloned().unwrap_or_default().to_length(context)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MOST_RANDOM_BYTES);
    let count = count.ok_or_else(|| JsNativeError::range().with_message("too many random bytes"))?;
    let shared = shared_of(context)?;
    let bytes: Vec<u8> = {
        let mut chance = shared.chance.borrow_mut();
        (0..count).map(|_| chance.byte()).collect()
    };
    codecs::array_of(bytes, context)
}

/// Implements `Math.random` with the run's own seed.
pub(super) fn number(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let number = shared.chance.borrow_mut().number();
    Ok(number.into())
}

/// Implements `native.now()`, which returns the milliseconds since the run started.
pub(super) fn now(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Ok(shared_of(context)?.time.elapsed_ms().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_text_that_looks_like_one_is_not() {
        assert_eq!(mended(r#"["\ud83d","\\ud83d","a\ud83db"]"#.into()), "[\"\u{fffd}\",\"\\\\ud83d\",\"a\u{fffd}b\"]");
    }

    proptest! {
        #[test]
        fn mending_never_breaks_json(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();

            prop_assert_eq!(serde_json::from_str::<String>(&mended(json)).unwrap(), text);
        }
    }
}
