// `sort` and `toSorted` of arrays and typed arrays: the engine's own give up on a comparator that contradicts itself, such
// as `() => Math.random() - 0.5`. From the host: the engine's own `native.sort` and `native.toSortedTyped`.
//
// Delete when the engine's `sort_indexed_properties` is no longer Rust's `sort_by`, which panics there (boa_engine 0.22; no
// issue is known).
((native) => {
  'use strict';
  const { sort: ownSort, toSortedTyped: ownTyped } = native;
  const { Object: TheObject, TypeError: TheTypeError, RangeError: TheRangeError } = globalThis;
  const { apply, getPrototypeOf } = Reflect;
  const { min, max, trunc } = Math;
  const { MAX_SAFE_INTEGER } = Number;
  const { at: itemAt, set: setItems } = getPrototypeOf(Uint8Array.prototype);

  /** A stable merge of the runs that are there. All it asks is whether the later item goes first, as Node's sort does. */
  const merged = (items, compare) => {
    const count = items.length;
    let starts = [];
    for (let at = 0; at < count;) {
      const start = at++;
      starts[starts.length] = start;
      if (at < count && +compare(items[at], items[start]) < 0) {
        do at++; while (at < count && +compare(items[at], items[at - 1]) < 0);
        for (let low = start, high = at - 1; low < high; low++, high--) {
          const item = items[low];
          items[low] = items[high];
          items[high] = item;
        }
      } else {
        // Not `>= 0`, for NaN is 0 here.
        while (at < count && !(+compare(items[at], items[at - 1]) < 0)) at++;
      }
    }
    let from = items, to = [];
    while (starts.length > 1) {
      const next = [];
      for (let run = 0; run < starts.length; run += 2) {
        const middle = starts[run + 1] ?? count, end = starts[run + 2] ?? count;
        let left = starts[run], right = middle, out = left;
        next[next.length] = left;
        if (right < end) {
          let item = from[left], later = from[right];
          for (;;) {
            if (+compare(later, item) < 0) {
              to[out++] = later;
              if (++right === end) break;
              later = from[right];
            } else {
              to[out++] = item;
              if (++left === middle) break;
              item = from[left];
            }
          }
        }
        while (left < middle) to[out++] = from[left++];
        while (right < end) to[out++] = from[right++];
      }
      starts = next;
      const spare = from;
      from = to;
      to = spare;
    }
    return from;
  };

  const byText = (left, right) => (left.text < right.text ? -1 : 0);
  const byOrder = (items) => {
    const isOwn = items.every((item) => {
      const type = typeof item;
      return item === null || (type !== 'object' && type !== 'function' && type !== 'symbol');
    });
    if (isOwn) return apply(ownSort, items, []);
    // What may run code of the snippet or throw is made text here, once.
    return merged(items.map((item) => ({ text: `${item}`, item })), byText).map(({ item }) => item);
  };

  const checked = (compare) => {
    if (compare === undefined || typeof compare === 'function') return;
    throw new TheTypeError('The comparison function must be either a function or undefined');
  };
  const objectOf = (self, name) => {
    if (self === undefined || self === null) throw new TheTypeError(`Array.prototype.${name} called on null or undefined`);
    return TheObject(self);
  };
  const lengthOf = (object) => min(max(trunc(+object.length) || 0, 0), MAX_SAFE_INTEGER);
  /** The items in order, those that are undefined last. */
  const ordered = (object, count, skipsHoles, compare) => {
    const items = [];
    let blank = 0;
    for (let at = 0; at < count; at++) {
      if (skipsHoles && !(at in object)) continue;
      const item = object[at];
      if (item === undefined) blank++;
      else items[items.length] = item;
    }
    const sorted = compare ? merged(items, compare) : byOrder(items);
    while (blank--) sorted[sorted.length] = undefined;
    return sorted;
  };

  const sort = (self, compare) => {
    checked(compare);
    const object = objectOf(self, 'sort');
    const count = lengthOf(object);
    const sorted = ordered(object, count, true, compare);
    const kept = sorted.length;
    for (let at = 0; at < kept; at++) object[at] = sorted[at];
    for (let at = kept; at < count; at++) delete object[at];
    return object;
  };
  const toSorted = (self, compare) => {
    checked(compare);
    const object = objectOf(self, 'toSorted');
    const count = lengthOf(object);
    if (count > 2 ** 32 - 1) throw new TheRangeError('Invalid array length');
    return ordered(object, count, false, compare);
  };

  /** Into `target`, of the same kind and length, or where that is left out into `self`. */
  const typed = (self, compare, target = self) => {
    const items = [];
    const count = self.length;
    for (let at = 0; at < count; at++) items[at] = self[at];
    // Node asks here whether the earlier item goes last.
    const sorted = merged(items, (later, item) => -compare(item, later));
    // The comparator may have made it shorter.
    if (target.length < count) sorted.length = target.length;
    apply(setItems, target, [sorted]);
    return target;
  };
  const sortTyped = (self, compare) => {
    checked(compare);
    // Throws for what is no typed array.
    apply(itemAt, self, [0]);
    if (compare !== undefined) return typed(self, compare);
    apply(setItems, self, [apply(ownTyped, self, [])]);
    return self;
  };
  const toSortedTyped = (self, compare) => {
    checked(compare);
    const target = apply(ownTyped, self, []);
    return compare === undefined ? target : typed(self, compare, target);
  };

  return { sort, toSorted, sortTyped, toSortedTyped };
})
