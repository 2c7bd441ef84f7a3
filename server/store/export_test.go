package store

// Wipe removes all readings and blocks, so that a property can be tried many times on one database.
func (s *Store) Wipe() error {
	for _, table := range []string{"reading", seriesTable, waveTable} {
		if err := s.write.Exec("DELETE FROM " + table).Error; err != nil {
			return err
		}
	}
	return nil
}
