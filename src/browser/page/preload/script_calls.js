// Counts how often the browser calls the page's scripts: by timers, and for frames (`timeline.js`).
// Asked by `library/timeline.js`.
let scriptCalls = 0;
for (const name of ["setTimeout", "setInterval"]) {
  replace(window, name, (native, self, given) => {
    const callback = given[0];
    if (name === "setTimeout") noteTimer(typeof given[1] === "number" ? given[1] : 0);
    if (typeof callback === "function") {
      given[0] = function () {
        scriptCalls += 1;
        return apply(callback, this, arguments);
      };
    }
    return apply(native, self, given);
  });
}
onQuestion("count-calls", () => scriptCalls);
