// Verifies light blocks with CometBFT-Go's own light client, when asked, and says what CPU time it took.
//
// Usage: peer FOLDER. A line "CASE CALLS" on the input asks for so many calls of a case; the answer is a line with
// the CPU time of the whole process in nanoseconds. FOLDER holds SIZE.json, the light blocks of one chain each, as
// a list of what a node's /commit and /validators answer.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	cmtjson "github.com/cometbft/cometbft/libs/json"
	"github.com/cometbft/cometbft/light"
	"github.com/cometbft/cometbft/types"
)

const (
	trustingPeriod = 14 * 24 * time.Hour
	maxClockDrift  = 10 * time.Second
)

type lightBlock struct {
	Header     *types.SignedHeader `json:"signed_header"`
	Validators []*types.Validator  `json:"validators"`

	set *types.ValidatorSet
}

// chain is the light blocks of one chain; the first is trusted.
type chain []*lightBlock

func load(path string) (chain, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var blocks chain
	if err := cmtjson.Unmarshal(bytes, &blocks); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, block := range blocks {
		// Each has its own set, as each would come from a node.
		block.set, err = types.ValidatorSetFromExistingValidators(block.Validators)
		if err != nil {
			return nil, err
		}
	}
	return blocks, nil
}

// now is a minute after the trusted block.
func (c chain) now() time.Time {
	return c[0].Header.Time.Add(time.Minute)
}

func (c chain) adjacent(trusted int) error {
	from, to := c[trusted], c[trusted+1]
	return light.VerifyAdjacent(from.Header, to.Header, to.set, trustingPeriod, c.now(), maxClockDrift)
}

func (c chain) skipping() error {
	from, to := c[0], c[len(c)-1]
	return light.VerifyNonAdjacent(from.Header, from.set, to.Header, to.set, trustingPeriod, c.now(), maxClockDrift,
		light.DefaultTrustLevel)
}

func (c chain) catchUp() error {
	for trusted := range len(c) - 1 {
		if err := c.adjacent(trusted); err != nil {
			return err
		}
	}
	return nil
}

// cpu is the time that all threads of this process have used, in and out of the kernel.
func cpu() (time.Duration, error) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0, err
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), nil
}

// repeat calls a case; what the collector does to the garbage of the turn before is not counted.
func repeat(call func() error, calls int) (time.Duration, error) {
	runtime.GC()
	before, err := cpu()
	if err != nil {
		return 0, err
	}
	for range calls {
		if err := call(); err != nil {
			return 0, err
		}
	}
	after, err := cpu()
	return after - before, err
}

// cases finds what can be asked for: adjacent_SIZE, skipping_SIZE, catch_up_SIZE.
func cases(folder string) (map[string]func() error, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	all := map[string]func() error{}
	for _, file := range files {
		blocks, err := load(file)
		if err != nil {
			return nil, err
		}
		size := strings.TrimSuffix(filepath.Base(file), ".json")
		all["adjacent_"+size] = func() error { return blocks.adjacent(0) }
		all["skipping_"+size] = blocks.skipping
		all["catch_up_"+size] = blocks.catchUp
	}
	return all, nil
}

func run(folder string) error {
	all, err := cases(folder)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var name string
		var calls int
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &name, &calls); err != nil {
			return fmt.Errorf("%q: %w", lines.Text(), err)
		}
		call, known := all[name]
		if !known {
			return fmt.Errorf("no case %q", name)
		}
		spent, err := repeat(call, calls)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Println(spent.Nanoseconds())
	}
	return lines.Err()
}

func main() {
	// The collector is off, whatever GOGC says: the numbers are the favourable ones.
	debug.SetGCPercent(-1)
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peer FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
