//! This module adds what the engine lacks, as files of JavaScript. Each is evaluated when a snippet first reads one of
//! its names: most snippets need none of them, and parsing them all would cost ten times the rest of a run.
//!
//! A file is one expression: a function of `native` (what it may ask of Rust) that returns an
//! object with its definitions. Invariant: an accessor stays in place, because one that replaces
//! itself breaks the engine's inline caches.

use std::cell::RefCell;
use std::collections::HashMap;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsFunction;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Script, Source, js_string};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::sandbox::runtime::natives;

use crate::sandbox::Arguments;
use crate::sandbox::runtime::natives::{Native, Shared, built, host_gone, shared_of, text_of};
use crate::sandbox::runtime::{codecs, place, zones};

const FILES: [(&str, &str); 16] = [
    ("arrays.js", include_str!("../js/arrays.js")),
    ("base64.js", include_str!("../js/base64.js")),
    ("buffer.js", include_str!("../js/buffer.js")),
    ("client.js", include_str!("../js/client.js")),
    ("console.js", include_str!("../js/console.js")),
    ("dates.js", include_str!("../js/dates.js")),
    ("events.js", include_str!("../js/events.js")),
    ("external.js", include_str!("../js/external.js")),
    ("globals.js", include_str!("../js/globals.js")),
    ("host.js", include_str!("../js/host.js")),
    ("inspect.js", include_str!("../js/inspect.js")),
    ("intl/intl.js", include_str!("../js/intl/intl.js")),
    ("intl/dates.js", include_str!("../js/intl/dates.js")),
    ("intl/numbers.js", include_str!("../js/intl/numbers.js")),
    ("intl/text.js", include_str!("../js/intl/text.js")),
    ("urls.js", include_str!("../js/urls.js")),
];

/// Each global, and the file that defines it.
const GLOBALS: [(&str, &str); 21] = [
    ("console", "console.js"),
    ("Date", "dates.js"),
    ("atob", "base64.js"),
    ("btoa", "base64.js"),
    ("Buffer", "buffer.js"),
    ("URLSearchParams", "urls.js"),
    ("crypto", "globals.js"),
    ("Crypto", "globals.js"),
    ("SubtleCrypto", "globals.js"),
    ("performance", "globals.js"),
    ("Performance", "globals.js"),
    ("setImmediate", "globals.js"),
    ("clearImmediate", "globals.js"),
    ("DOMException", "events.js"),
    ("Event", "events.js"),
    ("CustomEvent", "events.js"),
    ("EventTarget", "events.js"),
    ("AbortController", "events.js"),
    ("AbortSignal", "events.js"),
    ("Intl", "intl/intl.js"),
    ("membrane", "client.js"),
];

/// A method of a built-in that a file defines under a name of its own.
struct Method {
    /// The names lead from the global object to the built-in.
    at: &'static [&'static str],
    name: &'static str,
    length: usize,
    file: &'static str,
    /// The file uses this name, for a function that takes `this` as its first argument.
    given: &'static str,
}

impl Method {
    const fn of(kind: &'static [&'static str], name: &'static str, file: &'static str, given: &'static str) -> Self {
        Self { at: kind, name, length: 0, file, given }
    }

    fn call(&self, this: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
        let given = load(self.file, context)?.get(JsString::from(self.given), context)?;
        let given = given.as_callable().ok_or_else(host_gone)?;
        let with_this: Vec<JsValue> = std::iter::once(this).chain(arguments).cloned().collect();
        given.call(&JsValue::undefined(), &with_this, context)
    }
}

/// The path to the prototype of all typed arrays, which has no name of its own.
const TYPED_ARRAY: [&str; 3] = ["Uint8Array", "__proto__", "prototype"];

static METHODS: [Method; 11] = [
    Method::of(&["Number", "prototype"], "toLocaleString", "intl/numbers.js", "numberToLocaleString"),
    Method::of(&["BigInt", "prototype"], "toLocaleString", "intl/numbers.js", "bigIntToLocaleString"),
    Method::of(&["Date", "prototype"], "toLocaleString", "intl/dates.js", "toLocaleString"),
    Method::of(&["Date", "prototype"], "toLocaleDateString", "intl/dates.js", "toLocaleDateString"),
    Method::of(&["Date", "prototype"], "toLocaleTimeString", "intl/dates.js", "toLocaleTimeString"),
    Method { length: 1, ..Method::of(&["String", "prototype"], "localeCompare", "intl/text.js", "localeCompare") },
    Method::of(&["Array", "prototype"], "toLocaleString", "intl/intl.js", "arrayToLocaleString"),
    Method { length: 1, ..Method::of(&["Array", "prototype"], "sort", "arrays.js", "sort") },
    Method { length: 1, ..Method::of(&["Array", "prototype"], "toSorted", "arrays.js", "toSorted") },
    Method { length: 1, ..Method::of(&TYPED_ARRAY, "sort", "arrays.js", "sortTyped") },
    Method { length: 1, ..Method::of(&TYPED_ARRAY, "toSorted", "arrays.js", "toSortedTyped") },
];

/// The engine's own version of what a file replaces: the name that files use for it, and where it is.
const KEPT: [(&str, &[&str]); 3] = [
    ("Date", &["Date"]),
    ("sort", &["Array", "prototype", "sort"]),
    ("toSortedTyped", &["Uint8Array", "__proto__", "prototype", "toSorted"]),
];

/// These globals are missing on purpose; calling one throws an error that says what to use.
const MISSING: [(&str, Native); 2] = [("fetch", no_fetch), ("require", no_require)];

/// These members of the handler's argument are made for each run, each by a file.
const MADE: [(&str, &str, &str); 6] = [
    ("membrane", "client.js", "membrane"),
    ("engineApiClient", "client.js", "membrane"),
    ("internalApiClient", "client.js", "membrane"),
    ("connection", "client.js", "connection"),
    ("integration", "client.js", "integration"),
    ("externalApiClient", "external.js", "externalApiClient"),
];

/// The files that a context has loaded, and what they made.
#[derive(Default)]
pub(super) struct Lazies {
    native: RefCell<Option<JsObject>>,
    /// The map has the object that each file returned.
    files: RefCell<HashMap<String, JsObject>>,
    /// The map has each file's function, which is parsed but may not have been called.
    functions: RefCell<HashMap<String, JsObject>>,
    /// The map has the value of each global that was read or set.
    globals: RefCell<HashMap<&'static str, JsValue>>,
    /// The handler's argument, which is an object with accessors.
    args: RefCell<Option<JsObject>>,
    arguments: RefCell<Option<Arguments>>,
    /// The map has the objects that files made from the records of this run.
    made: RefCell<HashMap<&'static str, JsObject>>,
    stack: RefCell<Option<JsFunction>>,
}

/// Puts the accessors into a fresh context.
pub(super) fn install(context: &mut Context, shared: &Shared) -> JsResult<()> {
    let global = context.global_object();
    let native = JsObject::with_object_proto(context.intrinsics());
    for (name, at) in KEPT {
        let own = at.iter().try_fold(global.clone(), |at, name| object_at(&at, name, context))?;
        native.create_data_property(JsString::from(name), own, context)?;
    }
    let functions: [(&str, usize, Native); 16] = [
        ("call", 2, natives::call),
        ("frames", 0, natives::frames),
        ("log", 2, natives::log),
        ("read", 2, codecs::read),
        ("write", 2, codecs::write),
        ("digest", 2, codecs::digest),
        ("atob", 1, codecs::atob),
        ("btoa", 1, codecs::btoa),
        ("readForm", 1, codecs::read_form),
        ("writeForm", 1, codecs::write_form),
        ("zoneName", 1, zones::zone_name),
        ("zoneAt", 2, zones::zone_at),
        ("random", 1, natives::random),
        ("now", 0, natives::now),
        ("load", 1, load_native),
        ("need", 1, need),
    ];
    for (name, length, function) in functions {
        let function = natives::function(context, name, length, function);
        native.create_data_property(JsString::from(name), function, context)?;
    }
    *shared.lazies.native.borrow_mut() = Some(native);
    *shared.lazies.args.borrow_mut() = Some(empty_arguments(context)?);

    let random = natives::function(context, "random", 0, natives::number);
    hide(&object_at(&global, "Math", context)?, "random", random.into(), context)?;
    for (name, function) in MISSING {
        let function = natives::function(context, name, 1, function);
        hide(&global, name, function.into(), context)?;
    }
    hide(&global, "global", global.clone().into(), context)?;
    stacks(&global, shared, context)?;
    for method in &METHODS {
        let at = method.at.iter().try_fold(global.clone(), |at, name| object_at(&at, name, context))?;
        let native =
            NativeFunction::from_copy_closure(move |this, arguments, context| method.call(this, arguments, context));
        let function = built(context, native, method.name, method.length);
        hide(&at, method.name, function.into(), context)?;
    }
    for (name, file) in GLOBALS {
        let get = NativeFunction::from_copy_closure(move |_, _, context| global_value(name, file, context));
        let set = NativeFunction::from_copy_closure(move |_, arguments, context| {
            let value = arguments.first().cloned().unwrap_or_default();
            shared_of(context)?.lazies.globals.borrow_mut().insert(name, value);
            Ok(JsValue::undefined())
        });
        accessor(&global, name, get, Some(set), false, context)?;
    }
    let prototype = object_at(&object_at(&global, "URL", context)?, "prototype", context)?;
    let get = NativeFunction::from_copy_closure(|this, _, context| {
        let given = load("urls.js", context)?.get(js_string!("searchParamsOf"), context)?;
        given.as_callable().ok_or_else(host_gone)?.call(&JsValue::undefined(), std::slice::from_ref(this), context)
    });
    accessor(&prototype, "searchParams", get, None, true, context)
}

/// These files take longest to parse and are used most.
const WARM: [&str; 6] = ["host.js", "external.js", "console.js", "client.js", "arrays.js", "inspect.js"];

/// Parses the next of these files, and returns false when all are parsed.
pub(super) fn warm_up(context: &mut Context) -> JsResult<bool> {
    let shared = shared_of(context)?;
    let next = WARM.into_iter().find(|file| !shared.lazies.functions.borrow().contains_key(*file));
    next.map(|file| function_in(file, context)).transpose().map(|read| read.is_some())
}

/// Returns the handler's argument before it has values; what the client library provides is made when it is first read.
fn empty_arguments(context: &mut Context) -> JsResult<JsObject> {
    let args = JsObject::with_object_proto(context.intrinsics());
    // The members are in the order in which the documentation lists them.
    for name in ["input", "connection", "integration", "credentials", "user"] {
        args.create_data_property(JsString::from(name), JsValue::null(), context)?;
    }
    for (name, file, given) in MADE {
        let get = NativeFunction::from_copy_closure(move |_, _, context| {
            made(file, context)?.get(JsString::from(given), context)
        });
        let set = NativeFunction::from_copy_closure(move |this, arguments, context| {
            let value = arguments.first().cloned().unwrap_or_default();
            let this = this.as_object().ok_or_else(host_gone)?;
            let own = PropertyDescriptor::builder().value(value).writable(true).enumerable(true).configurable(true);
            this.define_property_or_throw(JsString::from(name), own, context)?;
            Ok(JsValue::undefined())
        });
        accessor(&args, name, get, Some(set), true, context)?;
    }
    Ok(args)
}

/// Returns the handler's argument for this run.
pub(super) fn arguments(context: &mut Context) -> JsResult<JsObject> {
    let shared = shared_of(context)?;
    let args = shared.lazies.args.borrow().clone().ok_or_else(host_gone)?;
    let given = shared.take_arguments();
    for (name, json) in [("input", &given.input), ("credentials", &given.credentials), ("user", &given.user)] {
        let value = value_of(json.as_deref(), context)?;
        args.create_data_property_or_throw(JsString::from(name), value, context)?;
    }
    *shared.lazies.arguments.borrow_mut() = Some(given);
    Ok(args)
}

fn value_of(json: Option<&RawValue>, context: &mut Context) -> JsResult<JsValue> {
    let Some(json) = json else { return Ok(JsValue::null()) };
    let value = serde_json::from_str::<Value>(json.get());
    let value = value.map_err(|error| JsNativeError::error().with_message(error.to_string()))?;
    JsValue::from_json(&value, context)
}

/// Returns what a file makes from this run's records, and makes it when it is first asked for.
fn made(file: &'static str, context: &mut Context) -> JsResult<JsObject> {
    let shared = shared_of(context)?;
    if let Some(made) = shared.lazies.made.borrow().get(file).cloned() {
        return Ok(made);
    }
    let of_run = shared
        .lazies
        .arguments
        .borrow()
        .as_ref()
        .map(|given| [("connection", given.connection.clone()), ("integration", given.integration.clone())]);
    let of_run = of_run.ok_or_else(|| {
        JsNativeError::error().with_message("`membrane` is there when the function runs, not while the code is read")
    })?;
    let records = JsObject::with_object_proto(context.intrinsics());
    for (name, json) in of_run {
        let record = value_of(json.as_deref(), context)?;
        records.create_data_property(JsString::from(name), record, context)?;
    }
    let mut given: Vec<JsValue> = vec![load("host.js", context)?.into(), records.into()];
    if file == "client.js" {
        let external = made("external.js", context)?;
        given.push(external.get(js_string!("proxy"), context)?);
        given.push(external.get(js_string!("api"), context)?);
    }
    let made = function_in(file, context)?.call(&JsValue::undefined(), &given, context)?;
    let made = made.as_object().ok_or_else(host_gone)?;
    shared.lazies.made.borrow_mut().insert(file, made.clone());
    Ok(made)
}

fn global_value(name: &'static str, file: &'static str, context: &mut Context) -> JsResult<JsValue> {
    let shared = shared_of(context)?;
    if let Some(value) = shared.lazies.globals.borrow().get(name).cloned() {
        return Ok(value);
    }
    let given = if file == "client.js" { made(file, context)? } else { load(file, context)? };
    let value = given.get(JsString::from(name), context)?;
    shared.lazies.globals.borrow_mut().insert(name, value.clone());
    Ok(value)
}

/// Returns the object that a file defines, and evaluates the file on first use.
fn load(file: &str, context: &mut Context) -> JsResult<JsObject> {
    let shared = shared_of(context)?;
    if let Some(given) = shared.lazies.files.borrow().get(file).cloned() {
        return Ok(given);
    }
    let native = shared.lazies.native.borrow().clone().ok_or_else(host_gone)?;
    let given = function_in(file, context)?.call(&JsValue::undefined(), &[native.into()], context)?;
    let given = given.as_object().ok_or_else(host_gone)?;
    shared.lazies.files.borrow_mut().insert(file.to_owned(), given.clone());
    Ok(given)
}

/// Returns the function that a file consists of, and parses the file on first use.
fn function_in(file: &str, context: &mut Context) -> JsResult<JsObject> {
    let shared = shared_of(context)?;
    if let Some(known) = shared.lazies.functions.borrow().get(file).cloned() {
        return Ok(known);
    }
    let (_, text) = FILES.iter().find(|(known, _)| *known == file).ok_or_else(host_gone)?;
    let value = Script::parse(Source::from_bytes(text), None, context)?.evaluate(context)?;
    let function = value.as_callable().ok_or_else(host_gone)?;
    shared.lazies.functions.borrow_mut().insert(file.to_owned(), function.clone());
    Ok(function)
}

/// Implements `native.load(file)`, which returns everything that a file defines.
fn load_native(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let file = text_of(arguments, 0, context)?;
    load(&file, context).map(Into::into)
}

/// Implements `native.need(name)`, which returns a global as it was before a snippet could replace it.
fn need(_: &JsValue, arguments: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = text_of(arguments, 0, context)?;
    let (_, file) = GLOBALS.iter().find(|(known, _)| *known == name).ok_or_else(host_gone)?;
    load(file, context)?.get(JsString::from(name.as_str()), context)
}

/// Makes `error.stack` begin with what was thrown, as other engines do, and list only the snippet's own frames.
fn stacks(global: &JsObject, shared: &Shared, context: &mut Context) -> JsResult<()> {
    let error = object_at(global, "Error", context)?;
    let prototype = object_at(&error, "prototype", context)?;
    let key = PropertyKey::from(js_string!("stack"));
    let own = prototype.borrow().properties().get(&key);
    let own = own.and_then(|own| own.get().cloned()).and_then(|get| get.as_object());
    *shared.lazies.stack.borrow_mut() = own.and_then(JsFunction::from_object);
    let get = NativeFunction::from_copy_closure(|this, _, context| {
        let stack = shared_of(context)?.lazies.stack.borrow().clone().ok_or_else(host_gone)?;
        let frames = stack.call(this, &[], context)?;
        if !this.is_object() {
            return Ok(JsValue::undefined());
        }
        let frames = frames.as_string().map(|frames| frames.to_std_string_lossy()).unwrap_or_default();
        let head = this.to_string(context)?.to_std_string_lossy();
        Ok(JsString::from(place::stack(&head, &frames).as_str()).into())
    });
    let set = NativeFunction::from_copy_closure(|this, arguments, context| {
        let value = arguments.first().cloned().unwrap_or_default();
        if let Some(this) = this.as_object() {
            let own = PropertyDescriptor::builder().value(value).writable(true).enumerable(false).configurable(true);
            this.define_property_or_throw(js_string!("stack"), own, context)?;
        }
        Ok(JsValue::undefined())
    });
    accessor(&prototype, "stack", get, Some(set), false, context)?;
    let capture = natives::function(context, "captureStackTrace", 1, |_, _, _| Ok(JsValue::undefined()));
    hide(&error, "captureStackTrace", capture.into(), context)
}

fn no_fetch(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let why = "fetch is not available in the sandbox; use `externalApiClient` or `membrane.proxy` for the external app, \
               `membrane` for the API";
    Err(JsNativeError::error().with_message(why).into())
}

fn no_require(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let why = "require is not available in the sandbox; a snippet is one file and has no modules";
    Err(JsNativeError::error().with_message(why).into())
}

fn object_at(of: &JsObject, name: &str, context: &mut Context) -> JsResult<JsObject> {
    of.get(JsString::from(name), context)?.as_object().ok_or_else(host_gone)
}

/// Defines a property that is not enumerable, as methods are.
fn hide(at: &JsObject, name: &str, value: JsValue, context: &mut Context) -> JsResult<()> {
    let property = PropertyDescriptor::builder().value(value).writable(true).enumerable(false).configurable(true);
    at.define_property_or_throw(JsString::from(name), property, context).map(drop)
}

fn accessor(
    at: &JsObject,
    name: &str,
    get: NativeFunction,
    set: Option<NativeFunction>,
    enumerable: bool,
    context: &mut Context,
) -> JsResult<()> {
    let get = built(context, get, name, 0);
    let mut property = PropertyDescriptor::builder().get(get).enumerable(enumerable).configurable(true);
    if let Some(set) = set {
        property = property.set(built(context, set, name, 1));
    }
    at.define_property_or_throw(JsString::from(name), property, context).map(drop)
}
