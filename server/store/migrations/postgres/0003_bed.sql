-- Of patients who were put into one bed before this was refused, each later one gets a number behind the bed's name.
UPDATE patient SET bed = bed || ' (' || s.n || ')'
FROM (SELECT id, row_number() OVER (PARTITION BY unit, bed ORDER BY admitted, id) AS n
	FROM patient WHERE discharged IS NULL AND bed <> '') s
WHERE s.id = patient.id AND s.n > 1;
-- A bed holds one patient.
CREATE UNIQUE INDEX patient_bed ON patient (unit, bed) WHERE discharged IS NULL AND bed <> '';
