package main

import (
	"math"
	"math/rand/v2"
	"slices"

	"vigil/vitals/ecg/model"
)

// table is what a forest is grown from: rows of features, each with its class and weight.
type table struct {
	features int
	values   []int16 // row after row
	class    []uint8
	weight   []float32
	patient  []int32 // who the row is of: rows of one patient are never on both sides of a validation
}

func (t *table) rows() int { return len(t.class) }

func (t *table) row(i int) []int16 { return t.values[i*t.features : (i+1)*t.features] }

func (t *table) add(features []int16, class uint8, weight float32, patient int32) {
	t.values = append(t.values, features...)
	t.class = append(t.class, class)
	t.weight = append(t.weight, weight)
	t.patient = append(t.patient, patient)
}

// pick gives the rows of which keep says so.
func (t *table) pick(keep func(i int) bool) *table {
	out := &table{features: t.features}
	for i := range t.rows() {
		if keep(i) {
			out.add(t.row(i), t.class[i], t.weight[i], t.patient[i])
		}
	}
	return out
}

// recipe says how a forest is grown.
type recipe struct {
	outputs int // 1 for a yes or no, else one per class
	trees   int
	depth   int
	rate    float64 // of learning
	smooth  float64 // added to the weight of each leaf
	least   float64 // weight of the smaller side of a split
	share   float64 // of the rows that each tree sees
	columns float64 // of the features that each tree may ask
	seed    uint64
}

const bins = 64

// grower grows one forest by gradient boosting with second derivatives. All nodes of a depth share
// one split, which keeps a forest small, quick and hard to over-fit.
type grower struct {
	recipe
	t      *table
	limits [][]int16 // per feature, ascending
	bin    [][]uint8 // per feature, per row
	score  []float64 // outputs per row
	grad   []float32 // outputs per row
	hess   []float32
	leaf   []uint8
	seen   []int32 // rows that the present tree is grown from
	random *rand.Rand

	splits []model.Split
	leaves []float64
}

// grow makes a forest of the table. The same table and recipe give the same forest.
func grow(t *table, r recipe) *model.Forest {
	g := &grower{recipe: r, t: t, random: rand.New(rand.NewPCG(r.seed, 1))} //nolint:gosec // G404: reproducible on purpose
	g.prepare()
	for range r.trees {
		g.derive()
		g.tree()
	}
	forest := model.Quantise(t.features, r.outputs, r.depth, g.splits, g.leaves)
	leads := make([]int32, t.rows())
	for i := range leads {
		leads[i] = forest.Lead(forest.Score(t.row(i)))
	}
	forest.Observe(leads, t.weight)
	return forest
}

// prepare sorts the values of each feature into bins of about as many rows.
func (g *grower) prepare() {
	n := g.t.rows()
	g.score = make([]float64, n*g.outputs)
	g.grad, g.hess = make([]float32, n*g.outputs), make([]float32, n*g.outputs)
	g.leaf = make([]uint8, n)
	g.limits, g.bin = make([][]int16, g.t.features), make([][]uint8, g.t.features)
	sample := make([]int16, 0, n)
	for f := range g.limits {
		sample = sample[:0]
		for i := range n {
			sample = append(sample, g.t.row(i)[f])
		}
		g.bin[f] = make([]uint8, n)
		values := slices.Clone(sample)
		slices.Sort(values)
		for b := 1; b < bins; b++ {
			limit := values[(n-1)*b/bins]
			if l := g.limits[f]; len(l) == 0 || limit > l[len(l)-1] {
				g.limits[f] = append(g.limits[f], limit)
			}
		}
		for i, v := range sample {
			b, _ := slices.BinarySearch(g.limits[f], v) // bin b holds values above limit b-1, up to limit b
			g.bin[f][i] = uint8(b)
		}
	}
}

// derive computes the derivatives of the loss at the present scores, and draws the rows that the
// next tree sees.
func (g *grower) derive() {
	g.seen = g.seen[:0]
	k := g.outputs
	for i := range g.t.rows() {
		if g.random.Float64() >= g.share {
			continue
		}
		g.seen = append(g.seen, int32(i))
		probability := softmax(g.score[i*k : (i+1)*k])
		for c, p := range probability[:k] {
			is := 0.0
			if k == 1 && g.t.class[i] == 1 || k > 1 && int(g.t.class[i]) == c {
				is = 1
			}
			g.grad[i*k+c] = g.t.weight[i] * float32(is-p)
			g.hess[i*k+c] = g.t.weight[i] * float32(max(p*(1-p), 1e-4))
		}
	}
}

// softmax turns logits into probabilities; a single logit is that of a yes.
func softmax(logits []float64) (p [model.MaxOutputs]float64) {
	if len(logits) == 1 {
		p[0] = 1 / (1 + math.Exp(-logits[0]))
		return p
	}
	top, sum := slices.Max(logits), 0.0
	for c, v := range logits {
		p[c] = math.Exp(v - top)
		sum += p[c]
	}
	for c := range logits {
		p[c] /= sum
	}
	return p
}

// tree adds one tree.
func (g *grower) tree() {
	for i := range g.leaf {
		g.leaf[i] = 0
	}
	asked := g.random.Perm(g.t.features)[:max(1, int(g.columns*float64(g.t.features)))]
	slices.Sort(asked)
	for depth := range g.depth {
		feature, limit := g.bestSplit(asked, 1<<depth)
		g.splits = append(g.splits, model.NewSplit(uint8(feature), g.limits[feature][limit]))
		for i, b := range g.bin[feature] {
			if int(b) > limit {
				g.leaf[i] |= 1 << depth
			}
		}
	}
	g.fillLeaves()
}

// cell sums the derivatives of rows.
type cell struct{ grad, hess [model.MaxOutputs]float64 }

func (c *cell) add(o *cell) {
	for k := range c.grad {
		c.grad[k] += o.grad[k]
		c.hess[k] += o.hess[k]
	}
}

// worth is how much the loss falls when these rows get a leaf of their own; none where they
// weigh less than least.
func (c *cell) worth(outputs int, smooth float64) float64 {
	sum := 0.0
	for k := range outputs {
		sum += c.grad[k] * c.grad[k] / (c.hess[k] + smooth)
	}
	return sum
}

func (c *cell) mass() float64 { return c.hess[0] + c.hess[1] + c.hess[2] + c.hess[3] }

// bestSplit finds the question that parts all leaves together best.
func (g *grower) bestSplit(asked []int, leaves int) (feature, limit int) {
	best := math.Inf(-1)
	feature = asked[0]
	cells := make([]cell, leaves*bins)
	for _, f := range asked {
		g.sum(f, cells)
		for l := range g.limits[f] {
			gain := 0.0
			for leaf := range leaves {
				gain += g.gain(cells[leaf*bins:(leaf+1)*bins], l)
			}
			if gain > best {
				best, feature, limit = gain, f, l
			}
		}
	}
	return feature, limit
}

// sum makes, for each leaf, running sums over the bins of a feature.
func (g *grower) sum(feature int, cells []cell) {
	clear(cells)
	k := g.outputs
	bin := g.bin[feature]
	for _, i := range g.seen {
		c := &cells[int(g.leaf[i])*bins+int(bin[i])]
		for o := range k {
			c.grad[o] += float64(g.grad[int(i)*k+o])
			c.hess[o] += float64(g.hess[int(i)*k+o])
		}
	}
	for from := 0; from < len(cells); from += bins {
		for b := 1; b < bins; b++ {
			cells[from+b].add(&cells[from+b-1])
		}
	}
}

// gain is what a leaf wins by being split behind a bin.
func (g *grower) gain(running []cell, limit int) float64 {
	all, low := &running[bins-1], &running[limit]
	var high cell
	for k := range g.outputs {
		high.grad[k], high.hess[k] = all.grad[k]-low.grad[k], all.hess[k]-low.hess[k]
	}
	if min(low.mass(), high.mass()) < g.least {
		return 0
	}
	return low.worth(g.outputs, g.smooth) + high.worth(g.outputs, g.smooth) - all.worth(g.outputs, g.smooth)
}

// fillLeaves gives each leaf its value and moves the scores of all rows.
func (g *grower) fillLeaves() {
	k := g.outputs
	sums := make([]cell, 1<<g.depth)
	for _, i := range g.seen {
		c := &sums[g.leaf[i]]
		for o := range k {
			c.grad[o] += float64(g.grad[int(i)*k+o])
			c.hess[o] += float64(g.hess[int(i)*k+o])
		}
	}
	from := len(g.leaves)
	for _, c := range sums {
		for o := range k {
			g.leaves = append(g.leaves, g.rate*c.grad[o]/(c.hess[o]+g.smooth))
		}
	}
	for i, leaf := range g.leaf {
		for o := range k {
			g.score[i*k+o] += g.leaves[from+int(leaf)*k+o]
		}
	}
}

// balance lets each patient weigh by the root of how many rows there are of them, as the next row
// of the same heart teaches less than one of another.
func (t *table) balance() {
	rows := map[int32]float64{}
	for _, p := range t.patient {
		rows[p]++
	}
	for i, p := range t.patient {
		t.weight[i] *= float32(30 / math.Sqrt(rows[p]))
	}
}
