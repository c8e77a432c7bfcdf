//! What the prelude can ask of the host, as native functions. The prelude takes them off the global object before a
//! snippet sees it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use boa_engine::builtins::promise::ResolvingFunctions;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, js_string};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::jobs::SnippetTime;
use super::{Port, Settled};
use crate::sandbox::protocol::{FromRun, Task};

const MOST_LOG_BYTES: usize = 256 * 1024;
const MOST_CALL_BYTES: usize = 10 * 1024 * 1024;
/// Calls under way at a time; more wait here until one is answered.
const MOST_CALLS: usize = 64;
const MOST_RANDOM_BYTES: usize = 1024 * 1024;

/// The files that the prelude evaluates when one of their names is first read.
const FILES: [(&str, &str); 7] = [
    ("lazy.js", include_str!("../js/lazy.js")),
    ("dates.js", include_str!("../js/dates.js")),
    ("client.js", include_str!("../js/client.js")),
    ("events.js", include_str!("../js/events.js")),
    ("globals.js", include_str!("../js/globals.js")),
    ("urls.js", include_str!("../js/urls.js")),
    ("buffer.js", include_str!("../js/buffer.js")),
];

/// What native functions and the loop share.
pub(super) struct Shared {
    port: RefCell<Box<dyn Port>>,
    time: Rc<SnippetTime>,
    arguments: RefCell<String>,
    chance: RefCell<Chance>,
    waiting: RefCell<HashMap<u64, ResolvingFunctions>>,
    held_back: RefCell<VecDeque<FromRun>>,
    next_call: Cell<u64>,
    log_bytes: Cell<usize>,
    settled: RefCell<Option<Settled>>,
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
        }
    }

    pub(super) fn start(&self, task: &Task) {
        task.arguments.get().clone_into(&mut self.arguments.borrow_mut());
        *self.chance.borrow_mut() = Chance::new(&task.seed);
    }

    pub(super) fn settled(&self) -> Option<Settled> {
        self.settled.borrow_mut().take()
    }

    /// Whether an answer is awaited.
    pub(super) fn waits(&self) -> bool {
        !self.waiting.borrow().is_empty()
    }

    /// Waits for an answer and settles its promise.
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

    /// Whether nobody waits for the run any more.
    pub(super) fn host_left(&self) -> bool {
        self.port.borrow().host_left()
    }

    fn send(&self, message: FromRun) -> JsResult<()> {
        self.port.borrow_mut().send(message).map_err(|_| host_gone())
    }
}

fn host_gone() -> boa_engine::JsError {
    JsNativeError::error().with_message("the host is gone").into()
}

/// Random bytes that derive from a seed: the SHA-256 of seed and counter.
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

    /// At least 0 and less than 1, with 53 bits.
    fn number(&mut self) -> f64 {
        let bits = (0..7).fold(0_u64, |bits, _| bits << 8 | u64::from(self.byte())) >> 3;
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let number = bits as f64 / 9_007_199_254_740_992.0;
        number
    }
}

type Native = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

/// Puts the functions and the standard extensions on the global object.
pub(super) fn register(context: &mut Context, shared: &Rc<Shared>) -> JsResult<()> {
    use boa_runtime::extensions::{
        Base64Extension, EncodingExtension, MicrotaskExtension, StructuredCloneExtension, TimeoutExtension,
        UrlExtension,
    };
    let extensions = (
        Base64Extension,
        TimeoutExtension,
        EncodingExtension,
        MicrotaskExtension,
        StructuredCloneExtension,
        UrlExtension,
    );
    boa_runtime::register_extensions(extensions, None, context)?;
    context.insert_data(Rc::clone(shared));
    let functions: [(JsString, usize, Native); 9] = [
        (js_string!("hostCall"), 2, call),
        (js_string!("hostLog"), 2, log),
        (js_string!("hostSettle"), 2, settle),
        (js_string!("hostArguments"), 0, arguments),
        (js_string!("hostSource"), 1, source),
        (js_string!("hostDigest"), 2, digest),
        (js_string!("hostRandom"), 1, random),
        (js_string!("hostNumber"), 0, number),
        (js_string!("hostNow"), 0, now),
    ];
    for (name, length, function) in functions {
        context.register_global_callable(name, length, NativeFunction::from_fn_ptr(function))?;
    }
    Ok(())
}

fn shared_of(context: &Context) -> JsResult<Rc<Shared>> {
    context.get_data::<Rc<Shared>>().cloned().ok_or_else(host_gone)
}

fn text_of(arguments: &[JsValue], index: usize, context: &mut Context) -> JsResult<String> {
    let value = arguments.get(index).cloned().unwrap_or_default();
    Ok(value.to_string(context)?.to_std_string_lossy())
}

/// `hostCall(operation, json)` → a promise of the answer's JSON `{value}` or `{error}`.
fn call(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
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

/// JSON with U+FFFD for each half of a surrogate pair: `JSON.stringify` escapes them, and Rust's text has none.
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
        // The backslash and what follows it, so that an escaped backslash is passed over whole.
        let length = if is_half { 6 } else { 1 + escape.chars().nth(1).map_or(0, char::len_utf8) };
        mended.push_str(if is_half { "\u{fffd}" } else { &escape[..length.min(escape.len())] });
        rest = escape.get(length..).unwrap_or_default();
    }
    mended.push_str(rest);
    mended
}

/// `hostLog(level, message)`.
fn log(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let full = shared.log_bytes.get();
    if full <= MOST_LOG_BYTES {
        let level = text_of(arguments, 0, context)?;
        let mut message = text_of(arguments, 1, context)?;
        // An entry costs something even when it says nothing.
        shared.log_bytes.set(full + 64 + level.len() + message.len());
        if shared.log_bytes.get() > MOST_LOG_BYTES {
            message = format!("(no more than {MOST_LOG_BYTES} bytes of console output are kept)");
        }
        shared.send(FromRun::Log { level, message })?;
    }
    Ok(JsValue::undefined())
}

/// `hostSettle('output', json)` or `hostSettle('thrown', message, stack, cause)`; the first one counts.
fn settle(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let how = text_of(arguments, 0, context)?;
    let text = text_of(arguments, 1, context)?;
    let settled = if how == "output" {
        Settled::Output(text)
    } else {
        let (stack, cause) = (text_of(arguments, 2, context)?, text_of(arguments, 3, context)?);
        Settled::Thrown { message: text, stack, cause }
    };
    shared_of(context)?.settled.borrow_mut().get_or_insert(settled);
    Ok(JsValue::undefined())
}

/// `hostArguments()` → the handler's arguments as JSON, once.
fn arguments(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = std::mem::take(&mut *shared_of(context)?.arguments.borrow_mut());
    Ok(JsString::from(text.as_str()).into())
}

/// `hostSource(file)` → the text of one of our own files.
fn source(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = text_of(arguments, 0, context)?;
    let file = FILES.iter().find(|(known, _)| *known == name);
    let (_, text) = file.ok_or_else(|| JsNativeError::error().with_message(format!("no file `{name}`")))?;
    Ok(JsString::from(*text).into())
}

/// `hostDigest('SHA-256', base64)` → base64.
fn digest(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = text_of(arguments, 0, context)?;
    let text = text_of(arguments, 1, context)?;
    let bytes = BASE64.decode(text).map_err(|error| JsNativeError::typ().with_message(error.to_string()))?;
    let digest = match algorithm.as_str() {
        "SHA-1" => <sha1::Sha1 as sha1::Digest>::digest(&bytes).to_vec(),
        "SHA-256" => Sha256::digest(&bytes).to_vec(),
        "SHA-384" => Sha384::digest(&bytes).to_vec(),
        "SHA-512" => Sha512::digest(&bytes).to_vec(),
        other => return Err(JsNativeError::typ().with_message(format!("no digest `{other}`")).into()),
    };
    Ok(JsString::from(BASE64.encode(digest).as_str()).into())
}

/// `hostRandom(n)` → n random bytes in base64.
fn random(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let count = arguments.first().cloned().unwrap_or_default().to_length(context)?;
    let count = usize::try_from(count).ok().filter(|count| *count <= MOST_RANDOM_BYTES);
    let count = count.ok_or_else(|| JsNativeError::range().with_message("too many random bytes"))?;
    let shared = shared_of(context)?;
    let mut chance = shared.chance.borrow_mut();
    let bytes: Vec<u8> = (0..count).map(|_| chance.byte()).collect();
    Ok(JsString::from(BASE64.encode(bytes).as_str()).into())
}

/// `hostNumber()` → what `Math.random` gives.
fn number(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    let number = shared.chance.borrow_mut().number();
    Ok(number.into())
}

/// `hostNow()` → milliseconds since the run started.
fn now(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
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
