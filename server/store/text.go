package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// storable is the text without what PostgreSQL refuses to keep: a NUL, and bytes that are no UTF-8.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", "\uFFFD"), "\uFFFD")
}

// textConnector connects to PostgreSQL so that every text is sent as it can be stored. One that is refused, from whatever
// device or person, would come back for ever and hold up all that is to be stored with it. What is looked up by such a
// text is not there, as in SQLite.
type textConnector struct{ driver.Connector }

func newTextConnector(url string) (driver.Connector, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse the address of the database: %w", err)
	}
	return textConnector{stdlib.GetConnector(*config)}, nil
}

func (c textConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	pg, is := conn.(*stdlib.Conn)
	if !is {
		return nil, fmt.Errorf("connect to PostgreSQL: unexpected connection %T", conn)
	}
	return textConn{pg}, nil
}

type textConn struct{ *stdlib.Conn }

// CheckNamedValue sees every value before it is sent.
func (c textConn) CheckNamedValue(v *driver.NamedValue) error {
	if text := reflect.ValueOf(v.Value); text.Kind() == reflect.String {
		v.Value = storable(text.String())
	}
	return c.Conn.CheckNamedValue(v)
}
