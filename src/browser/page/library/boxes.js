// Where elements are.
// Called from `shoot/frame.rs` as `boxes`.

// The part of the element's box that its scrolling and clipping ancestors show.
const shownBox = (element) => {
  let { left, top, right, bottom } = element.getBoundingClientRect();
  for (let around = element; getComputedStyle(around).position !== "fixed" && around.parentElement; ) {
    around = around.parentElement;
    if (around === document.body || around === document.documentElement) break;
    if (getComputedStyle(around).overflow === "visible") continue;
    const clip = around.getBoundingClientRect();
    left = Math.max(left, clip.left);
    top = Math.max(top, clip.top);
    right = Math.min(right, clip.right);
    bottom = Math.min(bottom, clip.bottom);
  }
  return { x: left + scrollX, y: top + scrollY, width: Math.max(0, right - left), height: Math.max(0, bottom - top) };
};

// For each target the boxes of all its elements that can be seen, in CSS pixels of the page.
const boxes = (targets) =>
  targets.map((alternatives) =>
    findAll(alternatives)
      .filter(canBeSeen)
      .map((element) => shownBox(element)),
  );
