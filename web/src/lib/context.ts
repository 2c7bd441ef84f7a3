import { createContext } from "svelte";
import type { Monitor } from "./monitor";

/** The monitor of the page, for the components below the ward. */
export const [getMonitor, setMonitor] = createContext<Monitor>();
