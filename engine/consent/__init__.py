"""How somebody agrees to a one-way call: asked at a terminal, or by a plan that is made, approved and applied. Floor 4."""
