/** Lets the answer to a later question not be replaced by that to an earlier one, which may come last. */
export class Newest {
  #asked = 0;
  #taken = 0;

  /** Notes a question; says of its answer whether it is to be taken. */
  ask(): () => boolean {
    const mine = ++this.#asked;
    return () => {
      if (mine < this.#taken) return false;
      this.#taken = mine;
      return true;
    };
  }
}
