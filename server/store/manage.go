package store

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"vigil/vitals"
)

type (
	hubStateRow struct {
		Hub     vitals.HubID `gorm:"primaryKey"`
		Version string
		Queue   int
		Oldest  *int64
		Clock   string
		Bound   int64  // ms
		Ahead   *int64 // ms
		Config  int64
		At      int64
	}
	deviceStateRow struct {
		Device       vitals.DeviceID `gorm:"primaryKey"`
		UDI          string
		Identifier   string `gorm:"column:udi_identifier"`
		Issuer       string `gorm:"column:udi_issuer"`
		Authority    string `gorm:"column:udi_authority"`
		Hardware     string
		Software     string
		SystemID     vitals.DeviceID
		Described    *int64
		Battery      *int
		Heard        *int64
		Link         string
		Hub          vitals.HubID
		SupportUntil string // date, empty when unknown
	}
	desiredRow struct {
		Hub     vitals.HubID `gorm:"primaryKey"`
		Version int64
		Agent   string
		Devices string // JSON
		ByName  string
		At      int64
	}
	commandRow struct {
		ID      string `gorm:"primaryKey"`
		Hub     vitals.HubID
		What    string
		ByName  string
		At      int64
		Expires int64
		Outcome string
		Detail  string
		Ended   *int64
	}
	installationRow struct {
		Name  string `gorm:"primaryKey"`
		Value []byte
	}
)

func (hubStateRow) TableName() string     { return "hub_state" }
func (deviceStateRow) TableName() string  { return "device_state" }
func (desiredRow) TableName() string      { return "hub_desired" }
func (commandRow) TableName() string      { return "hub_command" }
func (installationRow) TableName() string { return "installation" }

// SigningKey is the key that signs what is wanted of hubs. It is made once for the installation, so that
// every node signs with the key that hubs pinned.
func (s *Store) SigningKey(ctx context.Context) (ed25519.PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	if _, err := rand.Read(seed); err != nil {
		return nil, fmt.Errorf("draw a signing key: %w", err)
	}
	seed, err := s.Secret(ctx, "hub_signing_seed", seed)
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("signing key of %d bytes: %w", len(seed), ErrTampered)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// Secret is what the installation keeps under a name, the same on every node: what is given, where there is
// nothing yet.
func (s *Store) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	var row installationRow
	err := s.transact(ctx, "find a secret of the installation", func(tx *gorm.DB) error {
		if err := tx.Clauses(ignoreRepeat).Create(&installationRow{Name: name, Value: fresh}).Error; err != nil {
			return err
		}
		return tx.Where("name = ?", name).Take(&row).Error
	})
	return row.Value, err
}

// SaveHubReport keeps what a hub says of itself and of those of its devices that are known. A device that
// is registered to another hub is not this one's to describe.
func (s *Store) SaveHubReport(ctx context.Context, hub vitals.HubID, r vitals.HubReport) error {
	return s.transact(ctx, "save report of a hub", func(tx *gorm.DB) error {
		row := hubStateRow{
			Hub: hub, Version: storable(r.Version), Queue: r.Queue, Oldest: microsOrNull(r.Oldest), Clock: r.Clock,
			Bound: r.Bound.Milliseconds(), Config: int64(r.Config), At: micros(r.At),
		}
		if r.Ahead != nil {
			row.Ahead = new(r.Ahead.Milliseconds())
		}
		if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error; err != nil {
			return err
		}
		for _, d := range r.Devices {
			if err := saveDeviceReport(tx, hub, d); err != nil {
				return err
			}
		}
		return nil
	})
}

func saveDeviceReport(tx *gorm.DB, hub vitals.HubID, d vitals.DeviceReport) error {
	described := map[string]any{}
	for column, text := range map[string]string{"manufacturer": d.Manufacturer, "model": d.Model, "serial": d.Serial, "firmware": d.Firmware} {
		if text != "" {
			described[column] = storable(text)
		}
	}
	known := tx.Model(&deviceRow{}).Where("id = ? AND (hub = '' OR hub = ?)", d.Device, hub)
	var n int64
	if err := known.Count(&n).Error; err != nil || n == 0 {
		return err
	}
	if len(described) > 0 {
		if err := tx.Model(&deviceRow{}).Where("id = ?", d.Device).Updates(described).Error; err != nil {
			return err
		}
	}
	row := deviceStateRow{
		Device: d.Device, UDI: storable(d.UDI.Label), Identifier: storable(d.UDI.Identifier), Issuer: storable(d.UDI.Issuer),
		Authority: storable(d.UDI.Authority), Hardware: storable(d.Hardware), Software: storable(d.Software), SystemID: d.SystemID,
		Described: microsOrNull(d.Read), Battery: d.Battery, Heard: microsOrNull(d.Heard), Link: d.Link, Hub: hub,
	}
	columns := []string{"hub"}
	for column, there := range map[string]bool{"link": d.Link != "", "battery": d.Battery != nil, "heard": !d.Heard.IsZero()} {
		if there { // what is not told now is as it was told before
			columns = append(columns, column)
		}
	}
	if !d.Read.IsZero() {
		columns = append(columns, "udi", "udi_identifier", "udi_issuer", "udi_authority", "hardware", "software", "system_id", "described")
	}
	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "device"}}, DoUpdates: clause.AssignmentColumns(columns),
	}).Create(&row).Error
}

// HubReports are the newest reports of all hubs, without their devices.
func (s *Store) HubReports(ctx context.Context) (map[vitals.HubID]vitals.HubReport, error) {
	var rows []hubStateRow
	if err := s.reader(ctx).Find(&rows).Error; err != nil {
		return nil, fault("list reports of hubs", err)
	}
	return lo.SliceToMap(rows, func(r hubStateRow) (vitals.HubID, vitals.HubReport) {
		return r.Hub, vitals.HubReport{
			Version: r.Version, Queue: r.Queue, Oldest: momentOrZero(r.Oldest), Clock: r.Clock,
			Bound: time.Duration(r.Bound) * time.Millisecond, Config: uint64(r.Config), At: moment(r.At),
			Ahead: r.ahead(),
		}
	}), nil
}

func (r hubStateRow) ahead() *time.Duration {
	if r.Ahead == nil {
		return nil
	}
	return new(time.Duration(*r.Ahead) * time.Millisecond)
}

// DeviceStates are what is known of devices beside their description.
func (s *Store) DeviceStates(ctx context.Context) (map[vitals.DeviceID]vitals.DeviceState, error) {
	var rows []deviceStateRow
	if err := s.reader(ctx).Find(&rows).Error; err != nil {
		return nil, fault("list states of devices", err)
	}
	return lo.SliceToMap(rows, func(r deviceStateRow) (vitals.DeviceID, vitals.DeviceState) {
		until, _ := time.Parse(time.DateOnly, r.SupportUntil) // empty gives the zero time; nothing else is written
		return r.Device, vitals.DeviceState{
			Device: r.Device, Hardware: r.Hardware, Software: r.Software, SystemID: r.SystemID, Read: momentOrZero(r.Described),
			UDI:     vitals.UDI{Label: r.UDI, Identifier: r.Identifier, Issuer: r.Issuer, Authority: r.Authority},
			Battery: r.Battery, Heard: momentOrZero(r.Heard), Link: r.Link, Hub: r.Hub, SupportUntil: until,
		}
	}), nil
}

// SaveSupport notes until when a device's maker supports it; the zero time takes that back.
func (s *Store) SaveSupport(ctx context.Context, device vitals.DeviceID, until time.Time) error {
	row := deviceStateRow{Device: device}
	if !until.IsZero() {
		row.SupportUntil = until.Format(time.DateOnly)
	}
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "device"}}, DoUpdates: clause.AssignmentColumns([]string{"support_until"}),
	}).Create(&row).Error
	return fault("save support of a device", err)
}

// SaveDesired writes which devices a hub is to read, as the next version of its desired state.
func (s *Store) SaveDesired(ctx context.Context, d vitals.Desired) error {
	devices, err := json.Marshal(d.Devices)
	if err != nil {
		return fmt.Errorf("write the desired devices: %w", err)
	}
	row := desiredRow{Hub: d.Hub, Version: 1, Devices: string(devices), ByName: d.By, At: micros(d.At)}
	err = s.writer(ctx).Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "hub"}}, DoUpdates: clause.Assignments(map[string]any{
		"version": gorm.Expr("hub_desired.version + 1"), "devices": row.Devices, "by_name": row.ByName, "at": row.At,
	})}).Create(&row).Error
	return fault("save desired state", err)
}

// Desired is what is wanted of a hub; the zero Desired where nothing is.
func (s *Store) Desired(ctx context.Context, hub vitals.HubID) (vitals.Desired, error) {
	var rows []desiredRow
	if err := s.reader(ctx).Where("hub = ?", hub).Find(&rows).Error; err != nil || len(rows) == 0 {
		return vitals.Desired{Hub: hub}, fault("find desired state", err)
	}
	return rows[0].desired()
}

func (r desiredRow) desired() (vitals.Desired, error) {
	d := vitals.Desired{Hub: r.Hub, Version: uint64(r.Version), Agent: r.Agent, By: r.ByName, At: moment(r.At)}
	if err := json.Unmarshal([]byte(r.Devices), &d.Devices); err != nil {
		return d, fmt.Errorf("read the desired devices: %w", err)
	}
	return d, nil
}

// AddCommand keeps a command for a hub.
func (s *Store) AddCommand(ctx context.Context, c vitals.HubCommand) error {
	row := commandRow{ID: c.ID, Hub: c.Hub, What: c.What, ByName: c.By, At: micros(c.At), Expires: micros(c.Expires)}
	return fault("add command", s.writer(ctx).Create(&row).Error)
}

// FinishCommand keeps what became of a hub's command. The first answer stands; that to a command which
// is not this hub's is not found.
func (s *Store) FinishCommand(ctx context.Context, c vitals.HubCommand) error {
	return s.transact(ctx, "finish command", func(tx *gorm.DB) error {
		var row commandRow
		if err := tx.Where("id = ? AND hub = ?", c.ID, c.Hub).Take(&row).Error; err != nil {
			return err
		}
		return tx.Model(&commandRow{}).Where("id = ? AND outcome = ''", c.ID).
			Updates(map[string]any{"outcome": c.Outcome, "detail": storable(c.Detail), "ended": micros(c.Ended)}).Error
	})
}

// HubCommands are the newest commands of a hub.
func (s *Store) HubCommands(ctx context.Context, hub vitals.HubID, limit int) ([]vitals.HubCommand, error) {
	return s.commands(ctx, limit, "hub = ?", hub)
}

// PendingCommands are those that a hub has not answered and may still do, oldest first.
func (s *Store) PendingCommands(ctx context.Context, hub vitals.HubID) ([]vitals.HubCommand, error) {
	pending, err := s.commands(ctx, pendingCommands, "hub = ? AND outcome = '' AND expires > ?", hub, micros(s.now()))
	slices.Reverse(pending)
	return pending, err
}

// pendingCommands bounds how many commands a hub is told at once.
const pendingCommands = 20

func (s *Store) commands(ctx context.Context, limit int, where string, args ...any) ([]vitals.HubCommand, error) {
	var rows []commandRow
	if err := s.reader(ctx).Where(where, args...).Order("at DESC, id").Limit(page(limit)).Find(&rows).Error; err != nil {
		return nil, fault("list commands", err)
	}
	return lo.Map(rows, func(r commandRow, _ int) vitals.HubCommand {
		return vitals.HubCommand{
			ID: r.ID, Hub: r.Hub, What: r.What, By: r.ByName, At: moment(r.At), Expires: moment(r.Expires),
			Outcome: r.Outcome, Detail: r.Detail, Ended: momentOrZero(r.Ended),
		}
	}), nil
}
