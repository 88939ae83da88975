// What may move for ever although everything else stands still: frames of other sites, and marquees.
// Called from `shoot/moving_parts.rs` as `movingParts`.

// How they are found, and the words for them.
const movingParts = () => {
  const frames = [...document.querySelectorAll("iframe[src]")].filter((frame) => !frame.contentDocument);
  const parts = frames.map((frame) => ({
    selector: `iframe[src="${CSS.escape(frame.getAttribute("src"))}"]`,
    words: `the frame of another site ${frame.src}`,
  }));
  return document.querySelector("marquee") ? parts.concat({ selector: "marquee", words: "the `marquee`" }) : parts;
};
