// `DOMException`, `Event`, `CustomEvent`, `EventTarget`, `AbortController`, `AbortSignal`. From the host: `native.now()`.
//
// Delete what a release of the engine's runtime has: https://github.com/boa-dev/boa/issues/4988. The `AbortController` of
// 0.22 comes with its feature `fetch` only, and there is no `Event` and no `EventTarget`.
((native) => {
  const { now } = native;
  const { setTimeout: later, Error: TheError, TypeError: TheTypeError } = globalThis;
  const { toStringTag } = Symbol;
  const { defineProperty } = Object;
  const { apply } = Reflect;
  const fixed = (target, values) => {
    for (const [name, value] of Object.entries(values)) {
      defineProperty(target, name, { __proto__: null, value, enumerable: true });
    }
  };
  const tag = (Class, name) => {
    defineProperty(Class.prototype, toStringTag, { __proto__: null, value: name, configurable: true });
  };
  const coded = (error, code) => defineProperty(error, 'code', {
    __proto__: null, value: code, writable: true, enumerable: true, configurable: true,
  });
  const invalid = (message) => coded(new TheTypeError(message), 'ERR_INVALID_ARG_TYPE');
  const missing = (names) => coded(new TheTypeError(`The ${names} must be specified`), 'ERR_MISSING_ARGS');

  // --- DOMException ---

  const codeNames = [
    'INDEX_SIZE_ERR', 'DOMSTRING_SIZE_ERR', 'HIERARCHY_REQUEST_ERR', 'WRONG_DOCUMENT_ERR', 'INVALID_CHARACTER_ERR',
    'NO_DATA_ALLOWED_ERR', 'NO_MODIFICATION_ALLOWED_ERR', 'NOT_FOUND_ERR', 'NOT_SUPPORTED_ERR', 'INUSE_ATTRIBUTE_ERR',
    'INVALID_STATE_ERR', 'SYNTAX_ERR', 'INVALID_MODIFICATION_ERR', 'NAMESPACE_ERR', 'INVALID_ACCESS_ERR',
    'VALIDATION_ERR', 'TYPE_MISMATCH_ERR', 'SECURITY_ERR', 'NETWORK_ERR', 'ABORT_ERR', 'URL_MISMATCH_ERR',
    'QUOTA_EXCEEDED_ERR', 'TIMEOUT_ERR', 'INVALID_NODE_TYPE_ERR', 'DATA_CLONE_ERR',
  ];
  // The names of errors that have a number, by number; a hole for those that only have a constant.
  const errorNames = [
    'IndexSizeError', , 'HierarchyRequestError', 'WrongDocumentError', 'InvalidCharacterError', ,
    'NoModificationAllowedError', 'NotFoundError', 'NotSupportedError', 'InUseAttributeError', 'InvalidStateError',
    'SyntaxError', 'InvalidModificationError', 'NamespaceError', 'InvalidAccessError', , 'TypeMismatchError',
    'SecurityError', 'NetworkError', 'AbortError', 'URLMismatchError', 'QuotaExceededError', 'TimeoutError',
    'InvalidNodeTypeError', 'DataCloneError',
  ];

  class DOMException extends TheError {
    #name;

    constructor(message = '', options = 'Error') {
      super(`${message}`);
      const detailed = options !== null && typeof options === 'object';
      this.#name = `${detailed ? options.name ?? 'Error' : options}`;
      if (detailed && 'cause' in options) {
        defineProperty(this, 'cause', { __proto__: null, value: options.cause, writable: true, configurable: true });
      }
    }

    get name() {
      return this.#name;
    }

    get code() {
      return errorNames.indexOf(this.#name) + 1;
    }
  }
  const constants = {};
  for (let at = 0; at < codeNames.length; at++) constants[codeNames[at]] = at + 1;
  fixed(DOMException, constants);
  fixed(DOMException.prototype, constants);
  tag(DOMException, 'DOMException');

  // --- events ---

  let startDispatch, endDispatch, isStopped;

  class Event {
    #type;
    #options;
    #target = null;
    #current = null;
    #prevented = false;
    #stopped = false;
    #halted = false;
    #time = now();

    static {
      startDispatch = (event, target) => {
        if (event.#current) throw new DOMException('The event is already being dispatched', 'InvalidStateError');
        event.#target = target;
        event.#current = target;
      };
      endDispatch = (event) => {
        event.#current = null;
        event.#stopped = false;
        event.#halted = false;
      };
      isStopped = (event) => event.#halted;
    }

    constructor(type, options) {
      if (arguments.length === 0) throw missing('"type" argument');
      this.#type = `${type}`;
      this.#options = { bubbles: !!options?.bubbles, cancelable: !!options?.cancelable, composed: !!options?.composed };
    }

    get type() { return this.#type; }
    get target() { return this.#target; }
    get srcElement() { return this.#target; }
    get currentTarget() { return this.#current; }
    get bubbles() { return this.#options.bubbles; }
    get cancelable() { return this.#options.cancelable; }
    get composed() { return this.#options.composed; }
    get defaultPrevented() { return this.#prevented; }
    get returnValue() { return !this.#prevented; }
    get eventPhase() { return this.#current ? 2 : 0; }
    get isTrusted() { return false; }
    get timeStamp() { return this.#time; }
    get cancelBubble() { return this.#stopped; }

    composedPath() { return this.#current ? [this.#current] : []; }
    preventDefault() { if (this.#options.cancelable) this.#prevented = true; }
    stopPropagation() { this.#stopped = true; }
    stopImmediatePropagation() { this.#stopped = this.#halted = true; }
  }
  fixed(Event, { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 });
  tag(Event, 'Event');

  class CustomEvent extends Event {
    #detail;

    constructor(type, options) {
      if (arguments.length === 0) throw missing('"type" argument');
      super(type, options);
      this.#detail = options?.detail ?? null;
    }

    get detail() { return this.#detail; }
  }
  tag(CustomEvent, 'CustomEvent');

  class EventTarget {
    /** `{type, callback, capture, once}` in the order of their registration. */
    #listeners = [];

    addEventListener(type, callback, options) {
      if (arguments.length < 2) throw missing('"type" and "listener" arguments');
      const { once, signal, capture } = typeof options === 'object' && options !== null ? options : { capture: options };
      if (callback === null || callback === undefined || signal?.aborted) return;
      if (typeof callback !== 'function' && typeof callback !== 'object') {
        throw invalid('The "listener" argument must be an instance of EventListener.');
      }
      const found = { type: `${type}`, callback, capture: !!capture, once: !!once };
      const same = (other) =>
        other.type === found.type && other.callback === callback && other.capture === found.capture;
      if (this.#listeners.some(same)) return;
      this.#listeners = [...this.#listeners, found];
      signal?.addEventListener('abort', () => this.removeEventListener(type, callback, options), { once: true });
    }

    removeEventListener(type, callback, options) {
      if (arguments.length < 2) throw missing('"type" and "listener" arguments');
      const capture = !!(typeof options === 'object' && options !== null ? options.capture : options);
      this.#listeners = this.#listeners.filter((one) =>
        one.type !== `${type}` || one.callback !== callback || one.capture !== capture);
    }

    dispatchEvent(event) {
      if (!(event instanceof Event)) throw invalid('The "event" argument must be an instance of Event.');
      startDispatch(event, this);
      for (const listener of this.#listeners) {
        if (isStopped(event)) break;
        const { type, callback, capture, once } = listener;
        // Removed by an earlier listener of this same event?
        if (type !== event.type || !this.#listeners.includes(listener)) continue;
        if (once) this.removeEventListener(type, callback, capture);
        try {
          if (typeof callback === 'function') apply(callback, this, [event]);
          else callback.handleEvent?.(event);
        } catch (error) {
          // The others still hear of the event; the error ends the run, as an uncaught one ends Node.
          later(() => { throw error; }, 0);
        }
      }
      endDispatch(event);
      return !event.defaultPrevented;
    }
  }
  tag(EventTarget, 'EventTarget');

  // --- AbortController ---

  // Handed to the constructor of `AbortSignal` by those that may call it.
  const key = {};
  let abortSignal;
  const aborted = () => new DOMException('This operation was aborted', 'AbortError');

  class AbortSignal extends EventTarget {
    #aborted = false;
    #reason;
    #handler = null;
    #followers = [];
    /** For one that `any` made: the signals that it follows. */
    #sources;

    static {
      abortSignal = (signal, reason) => {
        if (signal.#aborted) return;
        signal.#aborted = true;
        signal.#reason = reason;
        signal.dispatchEvent(new Event('abort'));
        for (const follower of signal.#followers) abortSignal(follower, reason);
      };
    }

    constructor(given) {
      if (given !== key) throw coded(new TheTypeError('Illegal constructor'), 'ERR_ILLEGAL_CONSTRUCTOR');
      super();
    }

    static abort(reason) {
      const signal = new AbortSignal(key);
      abortSignal(signal, reason === undefined ? aborted() : reason);
      return signal;
    }

    static timeout(delay) {
      const signal = new AbortSignal(key);
      later(() => abortSignal(signal, new DOMException('The operation was aborted due to timeout', 'TimeoutError')), delay);
      return signal;
    }

    static any(signals) {
      const result = new AbortSignal(key);
      const all = [...signals];
      for (const signal of all) {
        if (!(signal instanceof AbortSignal)) throw invalid('The "signals" argument must hold instances of AbortSignal.');
      }
      const first = all.find((signal) => signal.#aborted);
      if (first) {
        result.#aborted = true;
        result.#reason = first.#reason;
      } else {
        // Only those that no other signal aborts are followed, as the standard has it.
        result.#sources = [...new Set(all.flatMap((signal) => signal.#sources ?? [signal]))];
        for (const signal of result.#sources) signal.#followers.push(result);
      }
      return result;
    }

    get aborted() { return this.#aborted; }
    get reason() { return this.#reason; }
    get onabort() { return this.#handler; }

    set onabort(handler) {
      if (this.#handler) this.removeEventListener('abort', this.#handler);
      this.#handler = typeof handler === 'function' ? handler : null;
      if (this.#handler) this.addEventListener('abort', this.#handler);
    }

    throwIfAborted() {
      if (this.#aborted) throw this.#reason;
    }
  }
  tag(AbortSignal, 'AbortSignal');

  class AbortController {
    #signal = new AbortSignal(key);

    get signal() { return this.#signal; }
    abort(reason) { abortSignal(this.#signal, reason === undefined ? aborted() : reason); }
  }
  tag(AbortController, 'AbortController');

  return {
    DOMException, Event, CustomEvent, EventTarget, AbortController, AbortSignal,
  };
})
