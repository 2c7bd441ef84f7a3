/** The grid that holds so many patients on one screen, without scrolling. */
export function gridFor(patients: number): { columns: number; rows: number } {
  for (const [columns, rows] of SHAPES) {
    if (patients <= columns * rows) return { columns, rows };
  }
  const columns = Math.ceil(Math.sqrt(patients * 1.5));
  return { columns, rows: Math.ceil(patients / columns) };
}

const SHAPES = [
  [2, 2],
  [3, 3],
  [4, 4],
  [8, 4],
  [8, 8],
] as const;
