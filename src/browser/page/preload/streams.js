// Counts the connections that a page keeps open among its requests, for a short time: web sockets and server-sent
// events until their first message, and streams of a body until their end.
// Part of what `requests.js` counts.
const STREAM_MS = 2000;

// Calls `note` with each new object of a class of the window.
const onConstructed = (name, note) =>
  replaceClass(name, (target, given, self) => {
    const made = construct(target, given, self);
    note(made, given);
    return made;
  });
const endAtFirst = (target, events) => {
  const end = beginRequest(STREAM_MS);
  for (let index = 0; index < events.length; index += 1) listen(target, events[index], end, { once: true });
};
onConstructed("WebSocket", (socket) => endAtFirst(socket, ["message", "error", "close"]));
onConstructed("EventSource", (source) => endAtFirst(source, ["message", "error"]));

// The streams that come from an answer, and what ends the count of each reader of them.
const bodies = new OwnWeakSet();
const readers = new OwnWeakMap();
const markBody = (body) => {
  if (body) bodies.add(body);
  return body;
};
const answerBody = Object.getOwnPropertyDescriptor(Response.prototype, "body");
if (answerBody) {
  const get = new Proxy(answerBody.get, { apply: (native, self, given) => markBody(apply(native, self, given)) });
  Object.defineProperty(Response.prototype, "body", { ...answerBody, get });
}
replace(ReadableStream.prototype, "pipeThrough", (native, self, given) => {
  const piped = apply(native, self, given);
  return bodies.has(self) ? markBody(piped) : piped;
});
replace(ReadableStream.prototype, "tee", (native, self, given) => {
  const both = apply(native, self, given);
  if (bodies.has(self)) for (let index = 0; index < 2; index += 1) markBody(both[index]);
  return both;
});
replace(ReadableStream.prototype, "pipeTo", (native, self, given) => {
  const piped = apply(native, self, given);
  return bodies.has(self) ? endWith(piped, beginRequest(STREAM_MS)) : piped;
});

// Both a reader and an iterator are asked for parts, until one says that there are no more.
const countParts = (reader) => {
  readers.set(reader, beginRequest(STREAM_MS));
  return reader;
};
const endWithLastPart = (owner, name) =>
  replace(owner, name, (native, self, given) => {
    const part = apply(native, self, given);
    const end = readers.get(self);
    if (!end) return part;
    const look = (result) => {
      if (result.done) end();
      return result;
    };
    const fail = (error) => {
      end();
      throw error;
    };
    return call(then, part, look, fail);
  });
replace(ReadableStream.prototype, "getReader", (native, self, given) => {
  const reader = apply(native, self, given);
  return bodies.has(self) ? countParts(reader) : reader;
});
endWithLastPart(ReadableStreamDefaultReader.prototype, "read");
if (ReadableStream.prototype.values) {
  endWithLastPart(Object.getPrototypeOf(new ReadableStream().values()), "next");
  replace(ReadableStream.prototype, "values", (native, self, given) => {
    const parts = apply(native, self, given);
    return bodies.has(self) ? countParts(parts) : parts;
  });
  ReadableStream.prototype[Symbol.asyncIterator] = ReadableStream.prototype.values;
}
