/** How many beds the screen has places for. */
export interface Shape {
  columns: number;
  rows: number;
}

export const SHAPES: readonly Shape[] = [
  { columns: 2, rows: 2 },
  { columns: 3, rows: 3 },
  { columns: 4, rows: 4 },
  { columns: 8, rows: 4 },
  { columns: 8, rows: 8 },
];

export function placesOf(shape: Shape): number {
  return shape.columns * shape.rows;
}

/** "8x4": how a station remembers its shape. */
export function shapeKey(shape: Shape): string {
  return `${shape.columns}x${shape.rows}`;
}

/** The shape that a station remembered. */
export function keptShape(key: string | null): Shape | null {
  const [, columns, rows] = /^([1-9]\d?)x([1-9]\d?)$/.exec(key ?? "") ?? [];
  return columns && rows ? { columns: Number(columns), rows: Number(rows) } : null;
}

/** The grid that holds so many patients on one screen, without scrolling. */
export function gridFor(patients: number): Shape {
  const fits = SHAPES.find((shape) => patients <= placesOf(shape));
  if (fits) return fits;
  const columns = Math.ceil(Math.sqrt(patients * 1.5));
  return { columns, rows: Math.ceil(patients / columns) };
}

/** The kept shape for as long as everybody has a place in it: who comes or goes must not move the others. */
export function shapeFor(patients: number, kept: Shape | null): Shape {
  return kept && patients <= placesOf(kept) ? kept : gridFor(patients);
}

/** Between two tiles, px; the narrowest tile that shows every number whole, with it; the list, with its gap. */
export const GAP = 4;
export const TILE_MIN = 154;
/** The lowest row that shows a trace, with its gap. */
const ROW_MIN = 104;
const LIST = 342;
/** The narrowest that the list reads well, px. */
const LIST_MIN = 320;
const MARGINS = 12;
/** Below this the tiles fold by themselves and the list stands below them: a telephone. */
const NARROW = 1000;

export interface Arrangement extends Shape {
  listOpen: boolean;
  /** How many columns of beds the list covers where there is no room beside them. */
  covers: number;
}

/** Fits the shape into a window; chosen is what the person wants of the list, null while they have not said. */
export function arrange(shape: Shape, width: number, chosen: boolean | null): Arrangement {
  const room = width - MARGINS + GAP;
  const columns = Math.min(shape.columns, Math.max(1, Math.floor(room / TILE_MIN)));
  const rows = Math.ceil(placesOf(shape) / columns);
  const narrow = width <= NARROW;
  const beside = !narrow && room - LIST >= columns * TILE_MIN;
  const listOpen = chosen ?? beside;
  const covers = listOpen && !beside && !narrow ? Math.ceil(LIST_MIN / (room / columns)) : 0;
  return { columns, rows, listOpen, covers };
}

/** How many rows of a screen so high are seen at once. */
export function rowsSeen(rows: number, height: number): number {
  return Math.max(1, Math.min(rows, Math.floor((height + GAP) / ROW_MIN)));
}

/** The least height of a row, so that what does not fit is whole rows below, never half of one. */
export function rowHeight(rows: number, height: number): number {
  return Math.max(0, Math.floor((height + GAP) / rowsSeen(rows, height)) - GAP);
}
