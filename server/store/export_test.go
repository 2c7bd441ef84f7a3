package store

import "gorm.io/gorm"

// Wipe removes all readings and blocks, so that a property can be tried many times on one database.
func (s *Store) Wipe() error {
	for _, table := range []string{"reading", seriesTable, waveTable} {
		if err := s.write.Exec("DELETE FROM " + table).Error; err != nil {
			return err
		}
	}
	return nil
}

// Pragma is a setting of SQLite, of the writer and of a reader.
func (s *Store) Pragma(name string) (values [2]string, err error) {
	for i, db := range []*gorm.DB{s.write, s.read} {
		if err := db.Raw("PRAGMA " + name).Scan(&values[i]).Error; err != nil {
			return values, err
		}
	}
	return values, nil
}
