// SPDX-License-Identifier: Apache-2.0

package namespacesampler

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/confmap/xconfmap"

	"github.com/otelcol-tasker/otelcol-tasker/namespacesampler/internal/rate"
)

// unset describes an environment variable without a value. The collector does not distinguish one that is not set from one that is
// empty.
const unset = "an environment variable that is not set or empty (write ${env:NAME:-default} for a default)"

// nulls are the ways in which a variable can spell null.
var nulls = []string{"null", "Null", "NULL", "~"}

// isUnset reports whether a value is an environment variable without a value, such as one that holds nothing but a comment. A null that
// a file or a variable spells is not.
func isUnset(value any) bool {
	expanded, ok := value.(xconfmap.ExpandedValue)
	return ok && expanded.Value == nil && !slices.Contains(nulls, strings.TrimSpace(expanded.Original))
}

// isBlank reports whether a value is an environment variable without a text.
func isBlank(value any) bool {
	expanded, ok := value.(xconfmap.ExpandedValue)
	return ok && strings.TrimSpace(expanded.Original) == "" && expanded.Value == nil
}

// parsed returns a value as YAML reads it.
func parsed(value any) any {
	if expanded, ok := value.(xconfmap.ExpandedValue); ok {
		return expanded.Value
	}
	return value
}

// original returns the text of a value as it stands in an environment variable, or in a file if YAML reads it as text there. Of
// other values in a file only what YAML read is left: 7 for 007.
func original(value any) (string, bool) {
	if expanded, ok := value.(xconfmap.ExpandedValue); ok {
		return expanded.Original, true
	}
	text := reflect.ValueOf(value)
	return text.String(), text.Kind() == reflect.String
}

// text returns the value of a key that is text, whatever YAML would take it for. Whole numbers and switches that a file has without
// quotes are taken in their usual form; other values would become another text than the one that stands there.
func (s *settings) text(key string, typ reflect.Type, value any) (any, bool) {
	if text, ok := original(value); ok {
		return text, true
	}
	switch value := value.(type) {
	case int, int64, uint64, bool:
		return fmt.Sprint(value), true
	}
	switch {
	case value == nil:
		s.errorf(key, "must have a value, got null (put the text null in quotes)")
	case typ == reflect.TypeFor[configopaque.String](): // secret
		s.errorf(key, "must be text; put it in quotes, so that YAML reads it as such")
	default:
		s.errorf(key, "must be text, got %s; put it in quotes, so that YAML reads it as such", shown(value))
	}
	return nil, false
}

// scalar returns the value of a key that is a number, a switch or a duration.
func (s *settings) scalar(key string, typ reflect.Type, value any) any {
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch typ.Kind() {
	case reflect.Float64:
		if typ == reflect.TypeFor[ItemsPerSecond]() {
			return s.itemsPerSecond(key, value)
		}
		return s.rate(key, value)
	case reflect.Int, reflect.Int64:
		number, ok := parsed(value).(float64)
		if ok && number != math.Trunc(number) && typ != reflect.TypeFor[time.Duration]() {
			s.errorf(key, "must be a whole number, got %v", number)
		}
	}
	return parsed(value)
}

// rate returns the value of a key that is a rate.
func (s *settings) rate(key string, value any) any {
	number := parsed(value)
	switch number := number.(type) {
	case float64, int, int32, int64, uint64:
	case string:
		s.errorf(key, "must be a rate between 0 and 1, got %q%s", number, rateHint(number))
	default:
		s.errorf(key, "must be a rate between 0 and 1, got %s", shown(value))
	}
	return number
}

// itemsPerSecond returns the value of a key that is a budget.
func (s *settings) itemsPerSecond(key string, value any) any {
	number := parsed(value)
	switch number := number.(type) {
	case float64, int, int32, int64, uint64:
	default:
		hint := ""
		if text, ok := number.(string); ok && isItems(text) {
			hint = fmt.Sprintf(" (write %s without quotes)", text)
		}
		s.errorf(key, "must be a number of items above 0, such as 200, got %s%s", shown(value), hint)
	}
	return number
}

// isItems reports whether a text would be a budget as a number.
func isItems(text string) bool {
	items, err := strconv.ParseFloat(text, 64)
	return err == nil && items > 0
}

// rateHint returns what would be right for a rate that is a text.
func rateHint(text string) string {
	digits, isPercentage := strings.CutSuffix(strings.TrimSpace(text), "%")
	number, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	switch {
	case err != nil || number < 0 || number > 100:
		return ""
	case isPercentage || number > 1:
		return " " + rate.PercentageHint(number)
	}
	return fmt.Sprintf(" (write %v without quotes)", number)
}

// shown returns a value for messages.
func shown(value any) string {
	if isUnset(value) {
		return unset
	}
	if text, ok := original(value); ok {
		return strconv.Quote(text)
	}
	switch value := value.(type) {
	case nil:
		return "none"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case time.Time:
		return "the time " + value.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(value)
}
