// The page's sizes and scroll position in CSS pixels.
// Called from `shoot/frame.rs` as `measure`, and by other files of this folder.

// The element from which the page's view takes how it scrolls: its root element, or else its body.
const scrollStyleOfView = () => {
  const { documentElement, body } = document;
  return documentElement && body && getComputedStyle(documentElement).overflow === "visible" ? body : documentElement;
};

// Whether a person can scroll the page sideways, and up and down.
const canScroll = () => {
  const giver = scrollStyleOfView();
  if (!giver) return { sideways: false, upAndDown: false };
  const style = getComputedStyle(giver);
  const isOpen = (overflow) => overflow !== "hidden" && overflow !== "clip";
  return { sideways: isOpen(style.overflowX), upAndDown: isOpen(style.overflowY) };
};

// Whether the page goes on to the left of zero, and above it. It does so if it is written in that direction, which the
// page's view takes from the body.
const goesBack = () => {
  const { writingMode = "", direction } = getComputedStyle(document.body || document.documentElement);
  const isBackwards = direction === "rtl";
  const isVertical = !writingMode.startsWith("horizontal");
  return {
    toTheLeft: isVertical ? writingMode.endsWith("-rl") : isBackwards,
    upwards: isVertical && isBackwards !== (writingMode === "sideways-lr"),
  };
};

const measure = () => {
  // In quirks mode the body stands for the view, unless it scrolls by itself.
  const page = document.scrollingElement || document.documentElement || { scrollWidth: 0, scrollHeight: 0 };
  const can = canScroll();
  // A phone shows a part of a page that is too wide for it, or all of it smaller.
  const seen = window.visualViewport || { width: innerWidth, height: innerHeight, scale: 1 };
  const width = Math.round(seen.width * seen.scale) === innerWidth ? innerWidth : Math.round(seen.width);
  const height = Math.round(seen.height * seen.scale) === innerHeight ? innerHeight : Math.round(seen.height);
  const pageWidth = Math.max(width, can.sideways ? page.scrollWidth : 0);
  const pageHeight = Math.max(height, can.upAndDown ? page.scrollHeight : 0);
  const back = document.documentElement ? goesBack() : {};
  return {
    width,
    height,
    zoom: seen.scale,
    scale: devicePixelRatio,
    scrollX,
    scrollY,
    seenX: scrollX + (seen.offsetLeft || 0),
    seenY: scrollY + (seen.offsetTop || 0),
    pageX: back.toTheLeft ? width - pageWidth : 0,
    pageY: back.upwards ? height - pageHeight : 0,
    pageWidth,
    pageHeight: pageHeight + notShown(),
  };
};

// A phone's page should fit its screen. Why it does not: the `element` that reaches furthest beyond it, or a `<meta
// name=viewport>` that asks for more; null without either.
// Called from `shoot/mod.rs` as `tooWideBy`.
const tooWideBy = () => {
  if (!document.body) return null;
  // The width for which the page is laid out. A `<meta name=viewport>`, or that there is none, can make it more than the
  // screen has.
  const screen = document.documentElement.clientWidth;
  let widest = null;
  let furthest = screen + 1;
  for (const element of document.body.querySelectorAll("*")) {
    const { left, right } = element.getBoundingClientRect();
    const reaches = Math.max(right + scrollX, screen - left - scrollX);
    if (reaches <= furthest) continue;
    furthest = reaches;
    widest = element;
  }
  if (widest) return { element: nameOf(widest) };
  return document.querySelector("meta[name=viewport i]") && { meta: true };
};
