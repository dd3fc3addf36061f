package upkeep

import "context"

// Round does the chores now, if nobody else is at them.
func (k *Keeper) Round(ctx context.Context, failed func(error)) (more bool) {
	return k.round(ctx, failed)
}
