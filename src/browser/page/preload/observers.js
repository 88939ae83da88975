// Lets other files of the preload script see an observer's callbacks before the page does.
// Called by `hides_again.js` and `lazy.js`.
const callbackWrappers = create(null);

// `wrap` makes the callback that the browser gets from the page's. The last one registered is called first.
const onObserved = (name, wrap) => {
  if (callbackWrappers[name]) {
    callbackWrappers[name].push(wrap);
    return;
  }
  const wrappers = (callbackWrappers[name] = [wrap]);
  replaceClass(name, (target, given, self) => {
    // The browser has its own words for what is no function. Callbacks of our library are nothing of the page.
    if (typeof given[0] === "function" && !given[0][NAME]) {
      for (let index = 0; index < wrappers.length; index += 1) given[0] = wrappers[index](given[0]);
    }
    return construct(target, given, self);
  });
};
