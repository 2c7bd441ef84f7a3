/** Attachment: the element that a person will use first has the focus when it appears. */
export function focusNow(el: HTMLElement): void {
  el.focus();
}

/** Attachment: puts the focus on the first field of a form that was asked for, and brings all of it on the screen. */
export function beginHere(form: HTMLElement): void {
  form.querySelector<HTMLElement>("select, input")?.focus();
  form.scrollIntoView({ block: "nearest" });
}

/** Attachment: what goes with the focus leaves it to its list. Who acknowledges by a key is not thrown back to the top of the page. */
export function leaveFocus(el: HTMLElement): () => void {
  const list = el.closest<HTMLElement>("[data-list]");
  let had = false;
  el.addEventListener("focusin", () => (had = true));
  // Without a next one, nobody moved the focus: it went with what had it.
  el.addEventListener(
    "focusout",
    (ev) => (had = ev.relatedTarget === null || el.contains(ev.relatedTarget as Node)),
  );
  return () => {
    if (had && (document.activeElement === document.body || el.contains(document.activeElement)))
      list?.focus();
  };
}
