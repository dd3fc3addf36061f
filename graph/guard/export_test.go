package guard

// PlansKept is how many plans the guard keeps.
func (g *Guard) PlansKept() int {
	g.plans.CleanUp()
	return g.plans.EstimatedSize()
}
