/** Attachment: the element that a person will use first has the focus when it appears. */
export function focusNow(el: HTMLElement): void {
  el.focus();
}
