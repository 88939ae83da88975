// What the other files of the preload script need, taken before the page can replace it. The files run as one
// function, in every page before the page's own scripts. `__NAME__` becomes an unguessable name.
// Put together by `mod.rs`.
const NAME = "__NAME__";
const { apply, construct } = Reflect;
const { ceil, floor, max } = Math;
const { create } = Object;
const call = Function.prototype.call.bind(Function.prototype.call);
const addListener = EventTarget.prototype.addEventListener;
const dispatch = EventTarget.prototype.dispatchEvent;
const stopImmediately = Event.prototype.stopImmediatePropagation;
const then = Promise.prototype.then;
const reportError = window.reportError;
const getEntriesByName = Performance.prototype.getEntriesByName;
const OriginalURL = URL;
const OriginalEvent = Event;
const OriginalCustomEvent = CustomEvent;
const OriginalDate = Date;
const originalDateNow = Date.now;
const originalNow = Performance.prototype.now;
const clock = performance;

const now = () => call(originalNow, clock);
const listen = (target, event, listener, options) => call(addListener, target, event, listener, options);

// Messages come from the library (`library/windows.js`), which runs in a world of its own: only events and the
// numbers in them pass from one to the other.
const onMessage = (message, handle) => listen(window, `${NAME}-${message}`, handle);
const answer = (question, number) =>
  call(dispatch, window, new OriginalCustomEvent(`${NAME}-${question}-answer`, { detail: number }));
const onQuestion = (question, count) => onMessage(question, () => answer(question, count()));

// Calls `handler` instead of the function, which the page cannot tell from the original.
const replace = (owner, name, handler) => (owner[name] = new Proxy(owner[name], { apply: handler }));

// Makes the objects of a class of the window by `make`, which gets the original class. Where there is none, none is made.
const replaceClass = (name, make) => {
  const Native = window[name];
  if (!Native) return;
  const Replaced = new Proxy(Native, { construct: make });
  Object.defineProperty(Native.prototype, "constructor", { value: Replaced, writable: true, configurable: true });
  window[name] = Replaced;
};

// A collection with methods that the page cannot replace.
const withOwnMethods = (Native) => {
  const Own = class extends Native {};
  Object.defineProperties(Own.prototype, Object.getOwnPropertyDescriptors(Native.prototype));
  return Own;
};
const OwnMap = withOwnMethods(Map);
const OwnSet = withOwnMethods(Set);
const OwnWeakMap = withOwnMethods(WeakMap);
const OwnWeakSet = withOwnMethods(WeakSet);
